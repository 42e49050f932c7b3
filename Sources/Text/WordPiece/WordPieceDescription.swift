// What the files of a WordPiece tokenizer say, in whichever form they say it.

/// All that ids depend on.
struct WordPieceDescription {
  /// The pieces by id, without those that only added tokens have.
  var pieces: PieceList
  /// The file that the pieces are from, for errors.
  var path: String
  var normalization = BertNormalization()
  var unknownToken = "[UNK]"
  /// Tells pieces that go on with a word.
  var continuingPrefix = "##"
  /// A word of more scalars is unknown.
  var maximumWordLength = 100
  var added: [AddedToken] = []
  var paddingToken = "[PAD]"
  var maskToken = "[MASK]"
  /// The special tokens around texts: ids, types and number.
  var frame = SequenceFrame()
  /// The pieces, once they were looked up.
  var table: PieceTable?
  /// The longest sequence that the settings allow.
  var maximumLength: Int?
  /// What a longer sequence loses.
  var truncation = Truncation()

  /// `[CLS] a [SEP] b [SEP]`.
  struct SequenceFrame: Equatable {
    var classification = "[CLS]"
    var separator = "[SEP]"
    var separatorsBetweenTexts = 1
    var secondTextType: Int32 = 1
  }
}

extension WordPieceDescription {
  /// The special tokens and what each is for.
  var specialTokens: [(role: String, token: String)] {
    [
      ("unknown", unknownToken), ("separator", frame.separator), ("padding", paddingToken),
      ("classification", frame.classification), ("mask", maskToken),
    ]
  }

  /// The pieces, to be found by their bytes.
  func pieceTable() throws(TextError) -> PieceTable {
    try lookingUp { () throws(PieceTable.Misfit) in
      try PieceTable(pieces, members: 0..<pieces.count)
    }
  }

  /// Puts the description into the form that texts are read with.
  func scanners() throws(TextError) -> Scanners {
    let table = if let own = self.table { own } else { try pieceTable() }
    let prefix = Array(continuingPrefix.utf8)
    let further = pieces.indices(startingWith: prefix)
    let furtherTable = try lookingUp { () throws(PieceTable.Misfit) in
      try PieceTable(pieces, skipped: prefix.count, members: further)
    }
    func id(_ token: String, _ role: String) throws(TextError) -> Int32 {
      guard let id = table.id(of: token) ?? added.first(where: { $0.content == token })?.id else {
        throw .missingSpecialToken(path: path, role: role, token: token)
      }
      return id
    }
    let (tokens, list) = try resolved(table)
    let vocabulary = try Vocabulary(
      size: list.count, padding: id(paddingToken, "padding"), unknown: id(unknownToken, "unknown"),
      classification: id(frame.classification, "classification"),
      separator: id(frame.separator, "separator"), mask: id(maskToken, "mask"),
      separatorsBetweenTexts: frame.separatorsBetweenTexts, secondTextType: frame.secondTextType,
      maximumLength: maximumLength, truncation: truncation)

    let words = WordPieceVocabulary(
      list: list, first: table, further: furtherTable, unknown: vocabulary.unknown,
      maximumWordLength: maximumWordLength)
    let scalars = ScalarTable(normalization)
    let asTheyStand = try lookingUp { () throws(PieceTable.Misfit) in
      try AddedTokens(tokens.filter { !$0.isNormalized }) { Array($0.content.utf8) }
    }
    let normalized = try lookingUp { () throws(PieceTable.Misfit) in
      try AddedTokens(tokens.filter(\.isNormalized)) { scalars.normalized(Array($0.content.utf8)) }
    }
    return Scanners(
      vocabulary: vocabulary,
      specialIDs: Set(added.filter(\.isSpecial).map(\.id)),
      scanner: WordPieceScanner(words, scalars, added: asTheyStand),
      normalizedScanner: normalized.isEmpty
        ? nil : WordPieceScanner(words, ScalarTable(.none), added: normalized))
  }

  private static let maximumTokenLength = 1_024

  struct Scanners {
    var vocabulary: Vocabulary
    var specialIDs: Set<Int32>
    var scanner: WordPieceScanner
    /// Reads normalized text, where added tokens are found in it.
    var normalizedScanner: WordPieceScanner?
  }

  /// Added tokens in the order in which the first of equal forms counts, and all pieces by id.
  ///
  /// The library gives a token the id that its vocabulary has for it, or else the next after all
  /// others, whatever the file says; so a file that says otherwise is refused.
  private func resolved(_ table: PieceTable) throws(TextError) -> ([AddedToken], PieceList) {
    var list = pieces
    var ids: [String: Int32] = [:]
    for token in added {
      guard !token.content.isEmpty else { throw .emptyPiece(path: path, id: Int(token.id)) }
      // A token is looked for wherever one may begin.
      guard token.content.utf8.count <= Self.maximumTokenLength else {
        throw .unsupportedSetting(
          path: path, name: "the added token of id \(token.id)",
          expected: "at most \(Self.maximumTokenLength) bytes",
          found: "\(token.content.utf8.count)")
      }
      let expected = table.id(of: token.content) ?? Int32(list.count)
      guard token.id == expected else {
        throw .unsupportedSetting(
          path: path, name: "the id of the added token “\(token.content)”",
          expected: "\(expected)", found: "\(token.id)")
      }
      if let other = ids.updateValue(token.id, forKey: token.content) {
        throw .repeatedPiece(path: path, piece: token.content, ids: [Int(other), Int(token.id)])
      }
      if Int(expected) == list.count { list.append(token.content.utf8) }
    }
    return (added.filter(\.isSpecial) + added.filter { !$0.isSpecial }, list)
  }

  private func lookingUp<Result>(
    _ body: () throws(PieceTable.Misfit) -> Result
  ) throws(TextError) -> Result {
    do {
      return try body()
    } catch {
      switch error {
      case .repeated(let id, let first):
        throw .repeatedPiece(path: path, piece: pieces.text(id), ids: [first, id])
      case .collision:
        throw .unsupportedSetting(
          path: path, name: "the vocabulary", expected: "pieces that can be told apart quickly",
          found: "many with one hash")
      }
    }
  }
}

extension PieceTable {
  /// The number of a string.
  func id(of string: String) -> Int32? {
    let bytes = Array(string.utf8)
    let hash = bytes.reduce(Self.seed) { Self.hash($0, $1) }
    let id = index(hash: hash, of: bytes, from: 0, count: bytes.count)
    return id < 0 ? nil : id
  }
}
