// The tokenizer of a model's folder, of whichever kind it is.

public import Foundation

/// Reads the tokenizer that a folder holds.
public enum TokenizerFolder {
  /// The files that tell the kind, the surest first.
  static let names = [
    XLMRobertaTokenizer.modelName, SentencePieceTokenizer.fileName, WordPieceTokenizer.jsonName,
    WordPieceTokenizer.vocabularyName,
  ]

  /// Throws if there is none, or if it is unsound.
  ///
  /// `sentencepiece.bpe.model` is XLM-RoBERTa's, `tokenizer.model` this package's own,
  /// `tokenizer.json` or `vocab.txt` BERT's; where there are several, the first of these counts.
  public static func read(_ folder: URL) throws(TextError) -> any Tokenizer {
    let name = names.first { BoundedFile.exists(folder.appendingPathComponent($0)) }
    switch name {
    case XLMRobertaTokenizer.modelName:
      return try XLMRobertaTokenizer(contentsOf: folder)
    case SentencePieceTokenizer.fileName:
      return try SentencePieceTokenizer(
        contentsOf: folder.appendingPathComponent(SentencePieceTokenizer.fileName))
    case .some:
      return try WordPieceTokenizer(contentsOf: folder)
    case nil:
      throw .noTokenizer(folder: folder.path, expected: names)
    }
  }
}
