// From a text, or a pair of texts, to the sequence that an encoder reads.

/// `[CLS] a [SEP]`, or `[CLS] a [SEP] b [SEP]`, with two separators between the texts where the
/// vocabulary says so.
public struct EncodedSequence: Sendable, Equatable {
  /// The token ids, with the special ones.
  public var ids: [Int32]
  /// 0 up to and with the first separators, the vocabulary's second type after them; as many as ids.
  public var typeIDs: [Int32]
  /// Whether pieces of the text were left out.
  public var isTruncated: Bool

  /// Joins the pieces of a text, or of a pair, and truncates them to `maximumLength` tokens in all.
  ///
  /// Of a pair the longer text loses its last pieces first, until both are equally long; an odd
  /// piece is left to the longer text, to the second if neither is. That is `LongestFirst` of the
  /// `tokenizers` library. Throws if the special pieces alone are longer.
  public init(
    _ first: [Int32], pairedWith second: [Int32]? = nil, vocabulary: Vocabulary, maximumLength: Int
  ) throws(TextError) {
    let budget = try vocabulary.budget(isPair: second != nil, maximumLength: maximumLength)
    let secondCount = second?.count ?? 0
    let half = first.count > secondCount ? (budget + 1) / 2 : budget / 2
    let firstKept = min(first.count, max(budget - secondCount, half))
    let secondKept = min(secondCount, budget - firstKept)

    ids = [vocabulary.classification]
    ids.reserveCapacity(firstKept + secondKept + 3)
    ids += first.prefix(firstKept)
    ids.append(vocabulary.separator)
    typeIDs = [Int32](repeating: 0, count: ids.count)
    if let second {
      for _ in 1..<vocabulary.separatorsBetweenTexts {
        ids.append(vocabulary.separator)
        typeIDs.append(0)
      }
      ids += second.prefix(secondKept)
      ids.append(vocabulary.separator)
      typeIDs += [Int32](repeating: vocabulary.secondTextType, count: secondKept + 1)
    }
    isTruncated = firstKept < first.count || secondKept < secondCount
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
  /// The cost is bounded by `maximumLength`, however long the text is: see ``encode(_:limit:)``.
  ///
  ///     let sequence = try tokenizer.encode("a fine film", maximumLength: 128)
  ///     let batch = TokenBatch([sequence])
  public func encode(
    _ text: String, pairedWith secondText: String? = nil, maximumLength: Int
  ) throws(TextError) -> EncodedSequence {
    let budget = try vocabulary.budget(
      isPair: secondText != nil, maximumLength: maximumLength)
    // One piece more than there is room for tells that the text was truncated.
    let first = try encode(text, limit: budget + 1)
    var second: [Int32]?
    if let secondText { second = try encode(secondText, limit: budget + 1) }
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
