// From a text, or a pair of texts, to the sequence that an encoder reads.

/// `[CLS] a [SEP]`, or `[CLS] a [SEP] b [SEP]`, with two separators between the texts where the
/// vocabulary says so.
public struct EncodedSequence: Sendable, Equatable {
  /// The token ids, with the special ones.
  public var ids: [Int32]
  /// 0 up to and with the first separators, the vocabulary's second type after them; as many as
  /// ids.
  public var typeIDs: [Int32]
  /// Whether pieces of the text were left out.
  public var isTruncated: Bool

  /// Joins the pieces of a text, or of a pair, and truncates them to `maximumLength` tokens in all,
  /// as the vocabulary's ``Truncation`` says.
  ///
  /// Throws if the special pieces alone are longer, or if the text that may be truncated has too
  /// little to lose.
  public init(
    _ first: [Int32], pairedWith second: [Int32]? = nil, vocabulary: Vocabulary, maximumLength: Int
  ) throws(TextError) {
    let truncation = vocabulary.truncation
    let budget = try vocabulary.budget(isPair: second != nil, maximumLength: maximumLength)
    let kept = try truncation.counts(
      first.count, second?.count, budget: budget, maximumLength: maximumLength)

    ids = [vocabulary.classification]
    ids.reserveCapacity(kept.first + kept.second + 4)
    ids += truncation.kept(first, count: kept.first)
    ids.append(vocabulary.separator)
    typeIDs = [Int32](repeating: 0, count: ids.count)
    if let second {
      for _ in 1..<vocabulary.separatorsBetweenTexts {
        ids.append(vocabulary.separator)
        typeIDs.append(0)
      }
      ids += truncation.kept(second, count: kept.second)
      ids.append(vocabulary.separator)
      typeIDs += [Int32](repeating: vocabulary.secondTextType, count: kept.second + 1)
    }
    isTruncated = kept.first < first.count || kept.second < second?.count ?? 0
  }
}

extension Vocabulary {
  /// The number of pieces of text that a sequence of `maximumLength` tokens has room for.
  func budget(isPair: Bool, maximumLength: Int) throws(TextError) -> Int {
    let specialCount = isPair ? 2 + separatorsBetweenTexts : 2
    guard maximumLength >= specialCount else {
      throw .lengthTooShort(maximumLength: maximumLength, minimum: specialCount)
    }
    return maximumLength - specialCount
  }
}

extension Tokenizer {
  /// The sequence of a text, or of a pair of texts, of at most `maximumLength` tokens.
  ///
  /// The cost is bounded by `maximumLength`, however long the text is (see ``encode(_:limit:)``),
  /// with two exceptions: truncation on the left encodes the whole text, and where both texts of a
  /// pair are too long and an odd token is left, the shorter one is encoded to its end.
  ///
  ///     let sequence = try tokenizer.encode("a fine film", maximumLength: 128)
  ///     let batch = TokenBatch([sequence])
  public func encode(
    _ text: String, pairedWith secondText: String? = nil, maximumLength: Int
  ) throws(TextError) -> EncodedSequence {
    let vocabulary = vocabulary
    let truncation = vocabulary.truncation
    let budget = try vocabulary.budget(
      isPair: secondText != nil, maximumLength: maximumLength)
    // One piece more than there is room for tells that the text was truncated.
    var limit = truncation.side == .left ? Int.max : budget + 1
    func pieces(_ text: String) throws(TextError) -> [Int32] {
      limit == .max ? try encode(text) : try encode(text, limit: limit)
    }
    var first = try pieces(text)
    var second: [Int32]?
    if let secondText {
      second = try pieces(secondText)
      // The longer text keeps an odd token.
      while truncation.strategy == .longestFirst, budget % 2 == 1, first.count == limit,
        second?.count == limit
      {
        limit *= 4
        first = try pieces(text)
        second = try pieces(secondText)
      }
    }
    return try EncodedSequence(
      first, pairedWith: second, vocabulary: vocabulary, maximumLength: maximumLength)
  }

  /// The sequence of an example's text or texts, of at most `maximumLength` tokens.
  public func encode(
    _ example: Example, maximumLength: Int
  ) throws(TextError) -> EncodedSequence {
    try encode(example.text, pairedWith: example.secondText, maximumLength: maximumLength)
  }
}
