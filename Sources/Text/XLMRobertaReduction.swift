// XLM-RoBERTa's tokenizer with fewer pieces.

import Foundation

extension XLMRobertaTokenizer: ReducibleTokenizer {
  /// Adds what the SentencePiece model needs, and the special pieces that come before and after it.
  public func needed(by ids: Set<Int32>) throws(TextError) -> Set<Int32> {
    let file = try SentencePieceFile(model(of: files()))
    let special = Set([0, 1, 2, 3, vocabulary.mask])
    let inside = try file.needed(by: modelIDs(ids.subtracting(special)))
    return Set(inside.subtracting(Self.modelBeginning).map { $0 + 1 }).union(special)
  }

  public func cut(to kept: KeptTokens) throws(TextError) -> XLMRobertaTokenizer {
    var files = self.files()
    let special = Set([0, 1, 2, 3, vocabulary.mask])
    let inside = KeptTokens(modelIDs(Set(kept.ids).subtracting(special)))
    files[Self.modelName] = try SentencePieceFile(model(of: files)).cut(to: inside)
    let settings = TokenizerConfiguration.name
    if let data = files[settings] {
      files[settings] = try TokenPlaces(data, name: settings).renumbered(kept)
    }
    return try XLMRobertaTokenizer(TokenizerFiles(files, name: "the cut tokenizer"))
  }

  /// The ids `<unk>`, `<s>` and `</s>` of the model; the piece of every other one has the next id.
  private static let modelBeginning: Set<Int32> = [0, 1, 2]

  private func modelIDs(_ ids: Set<Int32>) -> Set<Int32> {
    Set(ids.map { $0 - 1 }).union(Self.modelBeginning)
  }

  private func model(of files: [String: Data]) throws(TextError) -> Data {
    guard let data = files[Self.modelName] else { throw .missingFile(path: Self.modelName) }
    return data
  }
}
