// SentencePiece as XLM-RoBERTa has it: the pieces of a model, with ids of another program.

public import Foundation

/// A SentencePiece model with the ids of fairseq.
///
/// Conneau et al. 2019, arXiv:1911.02116. The ids: `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, then
/// the pieces of the model without its first three, and `<mask>` last. The special ones are found
/// in text before it is split, and the text is normalized and split as the `tokenizers` library
/// does (tested: 0.23), which is what `transformers` uses: the ids are its own, and SentencePiece's
/// only mostly.
public struct XLMRobertaTokenizer: Tokenizer {
  /// The number of pieces, and the ids of the special ones.
  public let vocabulary: Vocabulary
  private let model: SentencePieceModel
  private let special: AddedTokens
  private let normalization: LibraryNormalization
  private let segmentation: UnigramSegmentation
  private let sources: [String: Data]

  static let modelName = "sentencepiece.bpe.model"
  /// The pieces that a model begins with.
  private static let modelBeginning = ["<unk>", "<s>", "</s>"]

  /// A longer piece would let a long word cost too much.
  private static let maximumPieceLength = 512

  /// Reads `sentencepiece.bpe.model`, and the settings beside it.
  public init(contentsOf folder: URL) throws(TextError) { try self.init(TokenizerFiles(folder)) }

  init(_ files: TokenizerFiles) throws(TextError) {
    let url = files.url(Self.modelName)
    let data = try files.read(Self.modelName, maximumByteCount: SentencePieceCheck.largest)
    var sources = [Self.modelName: data]
    do {
      model = try SentencePieceModel(serialized: data)
      normalization = LibraryNormalization(try SentencePieceCheck.encodingRules(of: data))
    } catch .unreadableModel(let reason) {
      throw .unreadableModel(reason: "\(url.path): \(reason)")
    }
    for (id, name) in Self.modelBeginning.enumerated()
    where id >= model.size || model.piece(Int32(id)) != name {
      throw .unsupportedSetting(
        path: url.path, name: "the piece of id \(id)", expected: "“\(name)”",
        found: id < model.size ? "“\(model.piece(Int32(id)))”" : "none")
    }
    let size = model.size + 2
    let names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    let tokens = zip(names, [0, 1, 2, 3, Int32(size - 1)]).map { AddedToken(content: $0, id: $1) }
    var maximumLength: Int?
    var truncation = Truncation()
    let configuration = files.url(TokenizerConfiguration.name)
    if files.has(TokenizerConfiguration.name) {
      let settings = try files.read(
        TokenizerConfiguration.name, maximumByteCount: JSONFile.maximumByteCount)
      sources[TokenizerConfiguration.name] = settings
      let own = try TokenizerConfiguration(
        JSONFile(settings, path: configuration.path), specialTokens: nil)
      try own.checkXLMRoberta(tokens)
      (maximumLength, truncation) = (try own.maximumLength(), try own.truncation())
    } else {
      sources[TokenizerConfiguration.name] = Data(
        "{\n  \"tokenizer_class\": \"XLMRobertaTokenizer\"\n}\n".utf8)
    }
    do {
      special = try AddedTokens(tokens) { Array($0.content.utf8) }
    } catch {
      preconditionFailure("five names cannot collide")
    }
    segmentation = try Self.segmentation(model, names, path: url.path)
    vocabulary = Vocabulary(
      size: size, padding: 1, unknown: 3, classification: 0, separator: 2, mask: Int32(size - 1),
      separatorsBetweenTexts: 2, secondTextType: 0, maximumLength: maximumLength,
      truncation: truncation)
    self.sources = sources
  }

  /// The special pieces and those of the model, in the order of their ids.
  private static func segmentation(
    _ model: SentencePieceModel, _ names: [String], path: String
  ) throws(TextError) -> UnigramSegmentation {
    var pieces = PieceList()
    var scores: [Double] = []
    func append(_ piece: String, _ score: Float) {
      pieces.append(piece.utf8)
      scores.append(Double(score))
    }
    for name in names.dropLast() { append(name, 0) }
    for id in modelBeginning.count..<model.size {
      let piece = model.piece(Int32(id))
      guard piece.utf8.count <= maximumPieceLength else {
        throw .unsupportedSetting(
          path: path, name: "the piece of id \(id)",
          expected: "at most \(maximumPieceLength) bytes", found: "\(piece.utf8.count)")
      }
      append(piece, model.score(Int32(id)))
    }
    for name in names.suffix(1) { append(name, 0) }
    do {
      return try UnigramSegmentation(pieces, scores: scores, unknown: 3)
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

  /// The files that the tokenizer was read from, byte for byte.
  public func files() -> [String: Data] { sources }

  public func encode(_ text: String) -> [Int32] {
    let bytes = Array(text.utf8)
    var ids: [Int32] = []
    special.forEachPart(of: bytes) { part -> Bool in
      switch part {
      case .token(let id): ids.append(id)
      case .text(let range):
        segmentation.encode(normalization.normalized(bytes, range), into: &ids)
      }
      return true
    }
    return ids
  }

  /// The text of ids, normalized; an unknown piece becomes ` ⁇ `.
  public func decode(_ ids: some Sequence<Int32>) -> String {
    model.decode(ids.compactMap { modelID($0) })
  }

  /// The text of a piece; `id` must be in the vocabulary.
  public func piece(_ id: Int32) -> String {
    precondition(
      (0..<vocabulary.size).contains(Int(id)),
      "id must be in 0 ..< \(vocabulary.size), found \(id)")
    if let token = special.tokens.first(where: { $0.id == id }) { return token.content }
    return model.piece(id - 1)
  }

  private func modelID(_ id: Int32) -> Int32? {
    if id == vocabulary.unknown { return 0 }
    return id > 3 && id < vocabulary.mask ? id - 1 : nil
  }
}
