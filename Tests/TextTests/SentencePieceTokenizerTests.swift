import Foundation
import Testing
import Text

@Suite struct SentencePieceTokenizerTests {
  @Test func encodingAndDecodingGiveTextBack() throws {
    for tokenizer in [try unigram.get(), try bytePair.get()] {
      for text in corpus + ["a fox, 42 dogs!", "“élan” 東京 😀👩‍👩‍👧", "don't  stop"] {
        let ids = try tokenizer.encode(text)
        #expect(ids.allSatisfy { (0..<Int32(tokenizer.vocabulary.size)).contains($0) })
        #expect(tokenizer.decode(ids) == text.replacing("  ", with: " "))
      }
    }
  }

  @Test func emptyTextHasNoPieces() throws {
    let tokenizer = try unigram.get()
    #expect(try tokenizer.encode("") == [])
    #expect(try tokenizer.encode("  \n") == [])
    #expect(tokenizer.decode([]) == "")
    #expect(try tokenizer.sampleEncode("", alpha: 0.1, candidates: 8, random: 7) == [])
  }

  @Test func byteFallbackLeavesNothingUnknown() throws {
    let tokenizer = try unigram.get()
    let ids = try tokenizer.encode("😀")
    #expect(!ids.contains(tokenizer.vocabulary.unknown))
    #expect(ids.map { tokenizer.piece($0) }.suffix(4) == ["<0xF0>", "<0x9F>", "<0x98>", "<0x80>"])
    #expect(ids.suffix(4).allSatisfy { tokenizer.kind($0) == .byte })
  }

  @Test func withoutByteFallbackForeignCharactersAreUnknown() throws {
    var options = SentencePieceOptions(vocabularySize: 60)
    options.byteFallback = false
    let tokenizer = try SentencePieceTokenizer.train(on: corpus, options: options)
    #expect(try tokenizer.encode("😀").contains(tokenizer.vocabulary.unknown))
  }

  @Test func controlCharactersAreReadAsAnyOther() throws {
    let tokenizer = try unigram.get()
    let controls = String(String.UnicodeScalarView((0..<0x20).compactMap(Unicode.Scalar.init)))
    #expect(tokenizer.decode(try tokenizer.encode("the\tdog\nthe\r\ncity")) == "the dog the city")
    #expect(try tokenizer.encode("dog" + controls + "city").count >= 2)
  }

  @Test func specialPiecesAreNeverFoundInText() throws {
    let tokenizer = try unigram.get()
    let ids = try tokenizer.encode("[CLS] the [SEP] [PAD] [MASK]")
    #expect(!ids.contains { tokenizer.kind($0) == .control })
  }

  @Test func tenThousandCharactersAreEncoded() throws {
    let words = corpus.joined(separator: " ")
    let text = Array(repeating: words, count: 10_000 / words.count + 1).joined(separator: " ")
    let tokenizer = try unigram.get()
    #expect(tokenizer.decode(try tokenizer.encode(text)) == text)
  }

  @Test func eightTasksEncodeAsOneDoes() async throws {
    let tokenizer = try unigram.get()
    let texts = (0..<200).map { corpus[$0 % corpus.count] + " \($0) 😀" }
    let expected = try texts.map { try tokenizer.encode($0) }
    try await withThrowingTaskGroup(of: [[Int32]].self) { group in
      for _ in 0..<8 { group.addTask { try texts.map { try tokenizer.encode($0) } } }
      for try await found in group { #expect(found == expected) }
    }
  }

  @Test func vocabularyTellsPiecesIDsScoresAndKinds() throws {
    let tokenizer = try unigram.get()
    let names = (0..<5).map { tokenizer.piece($0) }
    #expect(names == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    #expect(tokenizer.vocabulary == Vocabulary(size: 310))
    #expect(tokenizer.id(of: "[SEP]") == 3)
    #expect(tokenizer.id(of: "[UNK]") == 1)
    #expect(tokenizer.id(of: "no such piece") == nil)
    #expect(tokenizer.id(of: "") == nil)
    #expect(tokenizer.kind(0) == .control)
    #expect(tokenizer.kind(1) == .unknown)
    let the = try #require(tokenizer.id(of: "▁the"))
    #expect(tokenizer.kind(the) == .normal)
    #expect(tokenizer.score(the) < 0)
  }

  @Test func decodingLeavesOutWhatIsNoText() throws {
    let tokenizer = try unigram.get()
    let ids = try tokenizer.encode("the dog")
    #expect(tokenizer.decode([2, -1] + ids + [3, 0, 99_999, 4]) == "the dog")
    #expect(tokenizer.decode([1]).contains("⁇"))
  }

  @Test func savedModelsAreEqualToTheirOriginal() throws {
    for tokenizer in [try unigram.get(), try bytePair.get()] {
      let bytes = try tokenizer.serialized
      let copies = [
        try SentencePieceTokenizer(serialized: bytes),
        try withFile(named: "tokenizer.model", bytes) {
          try SentencePieceTokenizer(contentsOf: $0)
        },
      ]
      for copy in copies {
        #expect(try copy.serialized == bytes)
        #expect(copy.vocabulary == tokenizer.vocabulary)
        #expect(try copy.encode(corpus[0]) == tokenizer.encode(corpus[0]))
      }
    }
  }

  @Test func missingAndBrokenModelsAreToldByPath() throws {
    #expect(throws: TextError.missingFile(path: "/no/such.model")) {
      try SentencePieceTokenizer(contentsOf: URL(filePath: "/no/such.model"))
    }
    let bytes = try unigram.get().serialized
    for broken in [Data(), Data("nonsense".utf8), bytes.prefix(bytes.count / 2)] {
      try withFile(named: "broken.model", broken) { file in
        let error = #expect(throws: TextError.self) {
          try SentencePieceTokenizer(contentsOf: file)
        }
        #expect(error?.description.contains(file.path) == true)
      }
      #expect(throws: TextError.self) { try SentencePieceTokenizer(serialized: broken) }
    }
  }

  @Test func modelsWithoutSpecialPiecesAreRefused() throws {
    // Renames a piece inside the serialized model to another of equal length.
    var bytes = try unigram.get().serialized
    let name = try #require(bytes.range(of: Data("[MASK]".utf8)))
    bytes.replaceSubrange(name, with: Data("[MUSK]".utf8))
    #expect(throws: TextError.missingPiece(accepted: ["[MASK]", "<mask>"])) {
      try SentencePieceTokenizer(serialized: bytes)
    }
  }

  @Test func samplingIsDeterminedByItsNumber() throws {
    let tokenizer = try unigram.get()
    var seen: Set<[Int32]> = []
    for number in 0..<64 {
      let random = UInt64(number) << 58
      let sample = try tokenizer.sampleEncode(corpus[0], alpha: 0.1, candidates: 8, random: random)
      #expect(
        try tokenizer.sampleEncode(corpus[0], alpha: 0.1, candidates: 8, random: random) == sample)
      #expect(tokenizer.decode(sample) == corpus[0])
      seen.insert(sample)
    }
    #expect(seen.count > 4 && seen.count <= 8)
  }

  @Test func sharpOrSingleSamplingGivesTheBest() throws {
    let tokenizer = try unigram.get()
    let best = try tokenizer.encode(corpus[0])
    for random in [0, UInt64.max / 2, .max] {
      #expect(
        try tokenizer.sampleEncode(corpus[0], alpha: 0.1, candidates: 1, random: random) == best)
    }
    #expect(
      try tokenizer.sampleEncode(corpus[0], alpha: 1e6, candidates: 8, random: .max / 2) == best)
  }

  /// Of two candidates the better has the share p₁^α / (p₁^α + p₂^α) of all numbers, the lowest.
  @Test(arguments: [0, 0.25, 0.5] as [Float])
  func sampledFrequenciesFollowProbabilities(alpha: Float) throws {
    let tokenizer = try unigram.get()
    func sample(_ share: Double) throws -> [Int32] {
      try tokenizer.sampleEncode(
        "the dog", alpha: alpha, candidates: 2, random: UInt64(share * 0x1p64))
    }
    func score(_ ids: [Int32]) -> Double {
      ids.reduce(0) { $0 + Double(tokenizer.score($1)) }
    }
    let best = try sample(0)
    let second = try sample(0.999_999)
    let share = 1 / (1 + exp(Double(alpha) * (score(second) - score(best))))
    // The library adds the scores of pieces as floats.
    let tolerance = 1e-4
    #expect(try tokenizer.encode("the dog") == best)
    #expect(best != second)
    #expect(try sample(share - tolerance) == best)
    #expect(try sample(share + tolerance) == second)
  }

  @Test func samplingOfLongTextIsLimited() throws {
    let tokenizer = try unigram.get()
    let text = String(repeating: corpus[0] + " ", count: 20_000)
    let ids = try tokenizer.sampleEncode(text, alpha: 0.1, candidates: 4, random: 5, limit: 20)
    #expect(ids.count == 20)
  }

  @Test func bytePairModelsCannotSample() throws {
    let tokenizer = try bytePair.get()
    #expect(throws: TextError.samplingUnsupported) {
      try tokenizer.sampleEncode("the dog", alpha: 0.1, candidates: 4, random: 0)
    }
  }
}
