// Tokenizers of strangers, and text of strangers for our own.

import Foundation
import Text

extension Target {
  /// The bytes of a SentencePiece model: what can be read tokenizes, and is equal when read again.
  static func sentencePiece() throws -> Target {
    let seeds = try [SentencePieceOptions.Algorithm.unigram, .bytePair].flatMap {
      smallSentencePieces(of: try trainedTokenizer($0).serialized)
    }
    return Target(seeds: seeds) { data in
      let tokenizer = try SentencePieceTokenizer(serialized: data)
      check(tokenizer)
      mustNotThrow("a tokenizer that was read is written") {
        let again = try SentencePieceTokenizer(serialized: tokenizer.serialized)
        precondition(again.vocabulary == tokenizer.vocabulary)
      }
    }
  }

  /// The bytes of `sentencepiece.bpe.model` in a folder with nothing else.
  static func xlmRoberta(in folder: URL) -> Target {
    let url = folder.appendingPathComponent("sentencepiece.bpe.model")
    return Target(seeds: smallXLMRobertaModels()) { data in
      put(data, url)
      let tokenizer = try XLMRobertaTokenizer(contentsOf: folder)
      check(tokenizer)
      checkAgain(tokenizer, in: folder.appendingPathComponent("again"))
    }
  }

  /// A folder whose only file is the input: `tokenizer.json` if it begins as JSON, else
  /// `vocab.txt`.
  static func tokenizerFolder(in folder: URL) -> Target {
    let seeds = [WordPieceSeeds.vocabulary] + WordPieceSeeds.json
    return Target(seeds: seeds.map { Data($0.utf8) }) { data in
      for name in ["tokenizer.json", "vocab.txt"] {
        try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
      }
      let isJSON = data.first == UInt8(ascii: "{")
      put(data, folder.appendingPathComponent(isJSON ? "tokenizer.json" : "vocab.txt"))
      let tokenizer = try WordPieceTokenizer(contentsOf: folder)
      check(tokenizer)
      checkAgain(tokenizer, in: folder.appendingPathComponent("again"))
    }
  }

  /// Settings beside sound vocabularies: the input as each file that there may be.
  static func settings(in folder: URL) throws -> Target {
    let vocabulary = ["vocab.txt": Data(WordPieceSeeds.vocabulary.utf8)]
    let json = ["tokenizer.json": Data(WordPieceSeeds.json[0].utf8)]
    let model = ["sentencepiece.bpe.model": smallXLMRobertaModels()[0]]
    let (own, map) = ("tokenizer_config.json", "special_tokens_map.json")
    let places = try [
      (vocabulary, own), (vocabulary, map), (vocabulary, "added_tokens.json"), (json, own),
      (json, map), (model, own),
    ].enumerated().map { index, place in
      let part = folder.appendingPathComponent("\(index)")
      try makeFolder(part, place.0)
      return (folder: part, url: part.appendingPathComponent(place.1))
    }
    return Target(seeds: WordPieceSeeds.settings.map { Data($0.utf8) }) { data in
      let found = places.map { place in
        put(data, place.url)
        return Result { () throws(TextError) in try TokenizerFolder.read(place.folder) }
      }
      for case .success(let tokenizer) in found { check(tokenizer) }
      // Beside a vocabulary alone, both files may say everything, and mean the same by it.
      let ids = found.prefix(2).map { try? $0.get().encode("A fine film [MASK]") }
      precondition(ids[0] == ids[1], "\(found[0]) is not \(found[1])")
      if case .failure = found[5] { _ = try found[0].get() }
    }
  }

  /// Any text for tokenizers as BERT has them.
  static func wordPiece(in folder: URL) throws -> Target {
    let vocabulary = folder.appendingPathComponent("vocabulary")
    try makeFolder(vocabulary, ["vocab.txt": Data(WordPieceSeeds.vocabulary.utf8)])
    var tokenizers = [try WordPieceTokenizer(contentsOf: vocabulary)]
    for (index, json) in WordPieceSeeds.json.enumerated() {
      let place = folder.appendingPathComponent("\(index)")
      try makeFolder(place, ["tokenizer.json": Data(json.utf8)])
      tokenizers.append(try WordPieceTokenizer(contentsOf: place))
    }
    return Target(seeds: textSeeds) { [tokenizers] data in
      let text = String(decoding: data, as: UTF8.self)
      for tokenizer in tokenizers {
        check(tokenizer, on: text)
        let ids = tokenizer.encode(text)
        for limit in [0, 1, 2, 7, ids.count / 2, ids.count, ids.count + 1] {
          let first = tokenizer.encode(text, limit: limit)
          precondition(first.elementsEqual(ids.prefix(limit)), "\(first) of \(ids)")
        }
      }
    }
  }

  /// Any text for the bundled tokenizer, which `PARE_FUZZ_TOKENIZER` names.
  static func text() throws -> Target {
    let path = ProcessInfo.processInfo.environment["PARE_FUZZ_TOKENIZER"] ?? "tokenizer.model"
    let tokenizer = try SentencePieceTokenizer(contentsOf: URL(fileURLWithPath: path))
    return Target(seeds: textSeeds) { data in
      let text = String(decoding: data, as: UTF8.self)
      check(tokenizer, on: text)
      let sampled = mustNotThrow("sampling") {
        try tokenizer.sampleEncode(text, alpha: 0.5, candidates: 4, random: 7, limit: 16)
      }
      precondition(sampled.count <= 16 && sampled.allSatisfy(tokenizer.vocabulary.contains))
    }
  }

  private static var textSeeds: [Data] {
    [
      "", "A fine film.", "[MASK] ▁ \u{0}", "👩‍👩‍👧 e\u{301} 電影\t\n\u{2028}", "<0xFF>",
      "films Ab  X 각 İ\u{315}\u{300} a[SEP]a",
    ].map { Data($0.utf8) }
  }
}
