// The tokenizer of a model's folder, of whichever kind it is.

public import Foundation

/// Reads the tokenizer that a folder holds.
public enum TokenizerFolder {
  /// Throws if there is none, or if it is unsound.
  public static func read(_ folder: URL) throws(TextError) -> any Tokenizer {
    try SentencePieceTokenizer(contentsOf: folder.appendingPathComponent("tokenizer.model"))
  }
}
