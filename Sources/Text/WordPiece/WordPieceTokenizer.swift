// Tokenization of BERT and its kin.

public import Foundation

/// WordPiece, from the files that BERT, DistilBERT, MiniLM and others are published with.
///
/// Devlin et al. 2018, arXiv:1810.04805. Gives the ids of the `tokenizers` library (tested: 0.23)
/// for any text, added tokens such as `[MASK]` in it with them. What its files ask for and is not
/// done here is an error, never another id.
public struct WordPieceTokenizer: Tokenizer {
  /// The number of pieces, and the ids of the special ones.
  public let vocabulary: Vocabulary
  private let scanner: WordPieceScanner
  private let normalizedScanner: WordPieceScanner?
  private let specialIDs: Set<Int32>
  /// The ids of all added tokens.
  let addedIDs: [Int32]
  let continuingPrefix: [UInt8]
  private let sources: [String: Data]

  static let jsonName = "tokenizer.json"
  static let vocabularyName = "vocab.txt"

  /// Reads `tokenizer.json`, or `vocab.txt` where there is none, and the settings beside it.
  public init(contentsOf folder: URL) throws(TextError) { try self.init(TokenizerFiles(folder)) }

  init(_ files: TokenizerFiles) throws(TextError) {
    var sources: [String: Data] = [:]
    func json(_ name: String) throws(TextError) -> JSONFile? {
      guard files.has(name) else { return nil }
      let data = try files.read(name, maximumByteCount: JSONFile.maximumByteCount)
      sources[name] = data
      return try JSONFile(data, path: files.url(name).path)
    }
    let configuration = try json(TokenizerConfiguration.name)
    let settings = try TokenizerConfiguration(
      configuration, specialTokens: json(TokenizerConfiguration.mapName))
    var description: WordPieceDescription
    if let file = try json(Self.jsonName) {
      description = try TokenizerJSON(file: file).description()
      if description.maximumLength == nil {
        description.maximumLength = try settings.maximumLength()
        description.truncation = try settings.truncation()
      }
      description.truncation.side = try settings.truncationSide() ?? description.truncation.side
      description.paddingToken = try settings.token("pad_token") ?? description.paddingToken
      description.maskToken = try settings.token("mask_token") ?? description.maskToken
    } else {
      let data = try files.read(
        Self.vocabularyName, maximumByteCount: JSONFile.maximumByteCount)
      sources[Self.vocabularyName] = data
      description = try Self.description(of: files, data, settings)
    }
    if sources[TokenizerConfiguration.name] == nil {
      sources[TokenizerConfiguration.name] = Self.configuration(
        isVocabulary: sources[Self.vocabularyName] != nil)
    }
    let scanners = try description.scanners()
    vocabulary = scanners.vocabulary
    scanner = scanners.scanner
    normalizedScanner = scanners.normalizedScanner
    specialIDs = scanners.specialIDs
    addedIDs = description.added.map(\.id)
    continuingPrefix = Array(description.continuingPrefix.utf8)
    self.sources = sources
  }

  /// What `vocab.txt` and the settings beside it say.
  private static func description(
    of files: TokenizerFiles, _ data: Data, _ settings: TokenizerConfiguration
  ) throws(TextError) -> WordPieceDescription {
    let url = files.url(vocabularyName)
    var description = WordPieceDescription(
      pieces: try PieceList(vocabulary: url, data), path: url.path)
    try settings.describe(&description)
    let old = "added_tokens.json"
    if files.has(old) {
      let tokens = try JSONFile(contentsOf: files.url(old))
      guard try tokens.members().isEmpty else {
        throw tokens.error(expected: "tokenizer.json instead, which has their settings too")
      }
    }
    let table = try description.pieceTable()
    description.table = table
    for (role, token) in description.specialTokens where table.id(of: token) == nil {
      throw .missingSpecialToken(path: url.path, role: role, token: token)
    }
    description.added = try settings.addedTokens(
      special: description.specialTokens.map(\.token), pieceCount: table.list.count
    ) { table.id(of: $0) }
    return description
  }

  /// Lets other programs know what the files are, where no settings came with them.
  private static func configuration(isVocabulary: Bool) -> Data {
    let name = isVocabulary ? "BertTokenizer" : "PreTrainedTokenizerFast"
    return Data("{\n  \"tokenizer_class\": \"\(name)\"\n}\n".utf8)
  }

  /// The files that the tokenizer was read from, byte for byte: so nothing in them can be lost, and
  /// other programs read from them what they read before.
  public func files() -> [String: Data] { sources }

  /// The ids of a text; about a microsecond for a sentence.
  public func encode(_ text: String) -> [Int32] { encode(text, limit: .max) }

  /// The first `limit` ids; no more of the text is looked at than they need, except that tokens
  /// which are found in normalized text have all of it normalized.
  public func encode(_ text: String, limit: Int) -> [Int32] {
    precondition(limit >= 0, "limit must not be negative, found \(limit)")
    let bytes = Array(text.utf8)
    var ids: [Int32] = []
    ids.reserveCapacity(min(limit, bytes.count / 4 + 4))
    if let normalizedScanner {
      scanner.added.forEachPart(of: bytes) { (part) -> Bool in
        switch part {
        case .token(let id):
          ids.append(id)
        case .text(let range):
          normalizedScanner.encode(
            scanner.table.normalized(bytes[range]), limit: limit, into: &ids)
        }
        return ids.count < limit
      }
    } else {
      scanner.encode(bytes, limit: limit, into: &ids)
    }
    if ids.count > limit { ids.removeLast(ids.count - limit) }
    return ids
  }

  /// The text of ids: words with a space between them, as normalization left them. Special pieces
  /// are left out, except for the unknown one.
  public func decode(_ ids: some Sequence<Int32>) -> String {
    var text: [UInt8] = []
    for id in ids where (0..<vocabulary.size).contains(Int(id)) {
      guard id == vocabulary.unknown || !specialIDs.contains(id) else { continue }
      let piece = scanner.vocabulary.list[Int(id)]
      if !continuingPrefix.isEmpty, piece.count > continuingPrefix.count,
        piece.starts(with: continuingPrefix), !text.isEmpty
      {
        text += piece.dropFirst(continuingPrefix.count)
      } else {
        if !text.isEmpty { text.append(0x20) }
        text += piece
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The text of a piece; `id` must be in the vocabulary.
  public func piece(_ id: Int32) -> String {
    precondition(
      (0..<vocabulary.size).contains(Int(id)),
      "id must be in 0 ..< \(vocabulary.size), found \(id)")
    return scanner.vocabulary.list.text(Int(id))
  }
}
