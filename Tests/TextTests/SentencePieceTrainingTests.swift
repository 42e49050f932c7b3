import Foundation
import Testing
import Text

@Suite struct SentencePieceTrainingTests {
  @Test(arguments: SentencePieceOptions.Algorithm.allCases)
  func trainingTwiceGivesEqualBytes(algorithm: SentencePieceOptions.Algorithm) async throws {
    let options = SentencePieceOptions(vocabularySize: 310, algorithm: algorithm)
    let models = try await withThrowingTaskGroup(of: Data.self) { group in
      for _ in 0..<3 {
        group.addTask {
          try SentencePieceTokenizer.train(on: corpus, options: options).serialized
        }
      }
      return try await group.reduce(into: Set<Data>()) { $0.insert($1) }
    }
    #expect(models.count == 1)
  }

  @Test func vocabularyHasTheSizeAskedFor() throws {
    #expect(try unigram.get().vocabulary.size == 310)
    #expect(try bytePair.get().vocabulary.size == 310)
  }

  @Test(arguments: SentencePieceOptions.Algorithm.allCases)
  func tooLargeVocabularyTellsTheLargestPossible(
    algorithm: SentencePieceOptions.Algorithm
  ) throws {
    var options = SentencePieceOptions(vocabularySize: 50_000, algorithm: algorithm)
    let error = #expect(throws: TextError.self) {
      try SentencePieceTokenizer.train(on: corpus, options: options)
    }
    guard case .vocabularyTooLarge(requested: 50_000, let largest) = error else {
      Issue.record("expected vocabularyTooLarge, found \(String(describing: error))")
      return
    }
    options.vocabularySize = largest
    let tokenizer = try SentencePieceTokenizer.train(on: corpus, options: options)
    #expect(tokenizer.vocabulary.size == largest)
  }

  @Test func tooSmallVocabularyTellsTheSmallestPossible() throws {
    var options = SentencePieceOptions(vocabularySize: 100)
    let error = #expect(throws: TextError.self) {
      try SentencePieceTokenizer.train(on: corpus, options: options)
    }
    guard case .vocabularyTooSmall(requested: 100, let smallest) = error else {
      Issue.record("expected vocabularyTooSmall, found \(String(describing: error))")
      return
    }
    options.vocabularySize = smallest
    let tokenizer = try SentencePieceTokenizer.train(on: corpus, options: options)
    #expect(tokenizer.vocabulary.size == smallest)
  }

  @Test(arguments: [
    [], [""], [" ", "\n\t"], ["\u{200B}\u{FEFF}"], ["[CLS]", "[PAD] <0x41>"], ["▁ ▅", "\u{FFFD}"],
    ["\u{0}\u{1}"],
  ])
  func textWithoutWordsIsRefused(sentences: [String]) {
    #expect(throws: TextError.emptyCorpus) {
      try SentencePieceTokenizer.train(on: sentences)
    }
  }

  @Test func optionsOutOfRangeAreRefusedWithTheirName() throws {
    var coverage = SentencePieceOptions()
    coverage.characterCoverage = 0.5
    var length = SentencePieceOptions()
    length.maximumPieceLength = 0
    let cases = [
      ("vocabularySize", SentencePieceOptions(vocabularySize: -1)), ("characterCoverage", coverage),
      ("maximumPieceLength", length),
    ]
    for (name, options) in cases {
      let error = #expect(throws: TextError.self) {
        try SentencePieceTokenizer.train(on: corpus, options: options)
      }
      #expect(error?.description.hasPrefix(name) == true)
    }
  }

  @Test func lowercaseFoldsCase() throws {
    var options = SentencePieceOptions(vocabularySize: 310)
    options.lowercase = true
    let tokenizer = try SentencePieceTokenizer.train(on: corpus, options: options)
    #expect(try tokenizer.encode("THE DOG") == tokenizer.encode("the dog"))
    #expect(try unigram.get().encode("THE DOG") != unigram.get().encode("the dog"))
  }

  @Test func piecesAreNotLongerThanAllowed() throws {
    var options = SentencePieceOptions(vocabularySize: 310)
    options.maximumPieceLength = 3
    let tokenizer = try SentencePieceTokenizer.train(on: corpus, options: options)
    for id in 0..<Int32(tokenizer.vocabulary.size) where tokenizer.kind(id) == .normal {
      #expect(tokenizer.piece(id).count <= 3)
    }
  }

  @Test func sentencesTheLibraryWouldSkipAreLearnedFrom() throws {
    let nines = " 9 9 9 9 9 9 9 9"
    for start in [String(repeating: "the fox ", count: 600), "▅", "the [CLS]", "\u{0}"] {
      let tokenizer = try SentencePieceTokenizer.train(
        on: corpus + [start + nines], options: SentencePieceOptions(vocabularySize: 300))
      #expect(try tokenizer.encode("9").allSatisfy { tokenizer.kind($0) == .normal })
    }
  }

  @Test func hugeWordsDoNotStallTraining() throws {
    let tokenizer = try SentencePieceTokenizer.train(
      on: corpus + [String(repeating: "a", count: 20_000)],
      options: SentencePieceOptions(vocabularySize: 310))
    #expect(tokenizer.vocabulary.size == 310)
  }

  @Test func optionsSurviveJSON() throws {
    var options = SentencePieceOptions(vocabularySize: 123, algorithm: .bytePair)
    options.lowercase = true
    let json = try JSONEncoder().encode(options)
    #expect(try JSONDecoder().decode(SentencePieceOptions.self, from: json) == options)
    #expect(String(decoding: json, as: UTF8.self).contains(#""algorithm":"bpe""#))
  }
}
