// SentencePiece as XLM-RoBERTa has it: the pieces of a model, with ids of another program.

public import Foundation

/// A SentencePiece model with the ids of fairseq.
///
/// Conneau et al. 2019, arXiv:1911.02116. The ids: `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, then the
/// pieces of the model without its first three, and `<mask>` last. The special ones are found in text
/// before it is split, as the `transformers` library does.
public struct XLMRobertaTokenizer: Tokenizer {
  /// The number of pieces, and the ids of the special ones.
  public let vocabulary: Vocabulary
  private let model: SentencePieceModel
  private let special: AddedTokens
  private let sources: [String: Data]

  static let modelName = "sentencepiece.bpe.model"
  /// The pieces that a model begins with.
  private static let modelBeginning = ["<unk>", "<s>", "</s>"]

  /// Reads `sentencepiece.bpe.model`, and the settings beside it.
  public init(contentsOf folder: URL) throws(TextError) {
    let url = folder.appendingPathComponent(Self.modelName)
    let data = try BoundedFile.read(url, maximumByteCount: SentencePieceCheck.largest)
    var sources = [Self.modelName: data]
    do {
      model = try SentencePieceModel(serialized: data)
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
    let configuration = folder.appendingPathComponent(TokenizerConfiguration.name)
    if BoundedFile.exists(configuration) {
      let settings = try BoundedFile.read(
        configuration, maximumByteCount: JSONFile.maximumByteCount)
      sources[TokenizerConfiguration.name] = settings
      maximumLength = try TokenizerConfiguration(
        JSONFile(settings, path: configuration.path), specialTokens: nil
      ).maximumLength(ofXLMRobertaWith: tokens)
    } else {
      sources[TokenizerConfiguration.name] = Data(
        "{\n  \"tokenizer_class\": \"XLMRobertaTokenizer\"\n}\n".utf8)
    }
    do {
      special = try AddedTokens(tokens) { Array($0.content.utf8) }
    } catch {
      preconditionFailure("five names cannot collide")
    }
    vocabulary = Vocabulary(
      size: size, padding: 1, unknown: 3, classification: 0, separator: 2, mask: Int32(size - 1),
      separatorsBetweenTexts: 2, secondTextType: 0, maximumLength: maximumLength)
    self.sources = sources
  }

  /// The files that the tokenizer was read from, byte for byte.
  public func files() -> [String: Data] { sources }

  public func encode(_ text: String) throws(TextError) -> [Int32] {
    let bytes = Array(text.utf8)
    var ids: [Int32] = []
    try special.forEachPart(of: bytes) { (part) throws(TextError) in
      switch part {
      case .token(let id):
        ids.append(id)
      case .text(let range):
        let pieces = try model.encode(String(decoding: bytes[range], as: UTF8.self))
        ids += pieces.map { $0 == 0 ? vocabulary.unknown : $0 + 1 }
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
