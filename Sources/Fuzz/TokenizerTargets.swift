// Tokenizers of strangers, and text of strangers for our own.

import Foundation
import Text

extension Target {
  /// The bytes of a SentencePiece model: what can be read tokenizes, and is equal when read again.
  static func sentencePiece() throws -> Target {
    let seeds = try [SentencePieceOptions.Algorithm.unigram, .bytePair].flatMap {
      smallSentencePieces(of: try trainedTokenizer($0).serialized)
    }
    for seed in seeds { _ = try SentencePieceTokenizer(serialized: seed) }
    return Target(seeds: seeds) { data in
      guard
        let tokenizer = read({ () throws(TextError) in
          try SentencePieceTokenizer(serialized: data)
        })
      else { return }
      check(tokenizer)
      mustNotThrow("a tokenizer that was read is written") {
        let again = try SentencePieceTokenizer(serialized: tokenizer.serialized)
        precondition(again.vocabulary == tokenizer.vocabulary)
      }
    }
  }

  /// A folder whose only file is the input: `tokenizer.json` if it begins as JSON, else `vocab.txt`.
  static func tokenizerFolder(in folder: URL) -> Target {
    let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nfilm\n##s\na\n##n\né\n.\n"
    let json =
      #"{"version":"1.0","added_tokens":[{"id":1,"content":"[CLS]","special":true}],"#
      + #""normalizer":{"type":"BertNormalizer","lowercase":true},"#
      + #""pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"BertProcessing","#
      + #""sep":["[SEP]",2],"cls":["[CLS]",1]},"model":{"type":"WordPiece","unk_token":"[UNK]","#
      + #""vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"[PAD]":3,"[MASK]":4,"a":5,"\u0023#b":6}}}"#
    return Target(seeds: [Data(vocabulary.utf8), Data(json.utf8)]) { data in
      for name in ["tokenizer.json", "vocab.txt"] {
        try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
      }
      let isJSON = data.first == UInt8(ascii: "{")
      put(data, folder.appendingPathComponent(isJSON ? "tokenizer.json" : "vocab.txt"))
      guard let tokenizer = read({ () throws(TextError) in try TokenizerFolder.read(folder) })
      else { return }
      check(tokenizer)
    }
  }

  /// Any text for the bundled tokenizer, which `PARE_FUZZ_TOKENIZER` names.
  static func text() throws -> Target {
    let path = ProcessInfo.processInfo.environment["PARE_FUZZ_TOKENIZER"] ?? "tokenizer.model"
    let tokenizer = try SentencePieceTokenizer(contentsOf: URL(fileURLWithPath: path))
    let seeds = ["", "A fine film.", "[MASK] ▁ \u{0}", "👩‍👩‍👧 e\u{301} 電影\t\n\u{2028}", "<0xFF>"]
    return Target(seeds: seeds.map { Data($0.utf8) }) { data in
      let text = String(decoding: data, as: UTF8.self)
      check(tokenizer, on: text)
      let sampled = mustNotThrow("sampling") {
        try tokenizer.sampleEncode(text, alpha: 0.5, candidates: 4, random: 7, limit: 16)
      }
      precondition(sampled.count <= 16 && sampled.allSatisfy(tokenizer.vocabulary.contains))
    }
  }

  private static func check(_ tokenizer: any Tokenizer) {
    for text in ["", "a fine film", "é電影 [CLS]\u{0}X XXX"] { check(tokenizer, on: text) }
  }

  /// Ids lie in the vocabulary, no sequence is longer than asked, and decoding is defined.
  private static func check(_ tokenizer: any Tokenizer, on text: String) {
    let vocabulary = tokenizer.vocabulary
    let ids: [Int32]
    do { ids = try tokenizer.encode(text) } catch { return }
    precondition(ids.allSatisfy(vocabulary.contains), "\(ids) of \(vocabulary.size)")
    precondition(mustNotThrow("encoding twice") { try tokenizer.encode(text) } == ids)
    _ = tokenizer.decode(ids)
    for id in ids { _ = tokenizer.piece(id) }
    let sequence = mustNotThrow("a sequence") {
      try tokenizer.encode(text, pairedWith: text, maximumLength: 16)
    }
    precondition(sequence.ids.count <= 16 && sequence.ids.count == sequence.typeIDs.count)
    precondition(sequence.ids.allSatisfy(vocabulary.contains))
  }

  private static func read<Kind>(_ body: () throws(TextError) -> Kind) -> Kind? {
    do { return try body() } catch {
      precondition(!error.description.isEmpty)
      return nil
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
  fileprivate func contains(_ id: Int32) -> Bool { (0..<size).contains(Int(id)) }
}
