// What holds for any tokenizer that could be read.

import Foundation
import Text

extension Target {
  static func check(_ tokenizer: any Tokenizer) {
    for text in ["", "a fine film", "é電影 [CLS]\u{0}X XXX"] { check(tokenizer, on: text) }
  }

  /// Ids lie in the vocabulary, no sequence is longer than asked unless that cannot be, and
  /// decoding is defined.
  static func check(_ tokenizer: any Tokenizer, on text: String) {
    let vocabulary = tokenizer.vocabulary
    let ids: [Int32]
    do { ids = try tokenizer.encode(text) } catch { return }
    precondition(ids.allSatisfy(vocabulary.contains), "\(ids) of \(vocabulary.size)")
    precondition(mustNotThrow("encoding twice") { try tokenizer.encode(text) } == ids)
    _ = tokenizer.decode(ids)
    for id in ids { _ = tokenizer.piece(id) }
    let sequence: EncodedSequence
    do throws(TextError) {
      sequence = try tokenizer.encode(text, pairedWith: text, maximumLength: 16)
    } catch .untruncatable {
      return precondition(vocabulary.truncation.strategy != .longestFirst)
    } catch {
      preconditionFailure("a sequence: \(error)")
    }
    precondition(sequence.ids.count <= 16 && sequence.ids.count == sequence.typeIDs.count)
    precondition(sequence.ids.allSatisfy(vocabulary.contains))
  }

  /// Written to `folder` and read again, a tokenizer is equal.
  static func checkAgain(_ tokenizer: any Tokenizer, in folder: URL) {
    mustNotThrow("a tokenizer that was read is written") {
      try? FileManager.default.removeItem(at: folder)
      try makeFolder(folder, tokenizer.files())
      let again = try TokenizerFolder.read(folder)
      precondition(again.vocabulary == tokenizer.vocabulary)
      let text = "A fine film [CLS]"
      precondition((try? again.encode(text)) == (try? tokenizer.encode(text)))
    }
  }
}

/// A tokenizer of a few pieces.
func trainedTokenizer(
  _ algorithm: SentencePieceOptions.Algorithm = .unigram
) throws(TextError) -> SentencePieceTokenizer {
  var options = SentencePieceOptions(vocabularySize: 18, algorithm: algorithm)
  options.byteFallback = false
  return try .train(on: ["a fine film", "a dull film", "fine and dull"], options: options)
}

extension Vocabulary {
  func contains(_ id: Int32) -> Bool { (0..<size).contains(Int(id)) }
}
