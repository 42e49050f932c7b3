import Foundation
import Testing
import Text

/// The laws of cutting a vocabulary, for tokenizers of every kind.
@Suite struct VocabularyReductionTests {
  /// A tokenizer to be cut, and texts that are hard for it.
  enum Kind: String, CaseIterable {
    case unigram, bytePair, unigramWithoutBytes, bytePairWithoutBytes
    case uncased, cased, accented, unclean, vocabulary
    case xlmRoberta = "xlm-roberta"

    func tokenizer() throws -> any Tokenizer {
      switch self {
      case .unigram: try TextTests.unigram.get()
      case .bytePair: try TextTests.bytePair.get()
      case .unigramWithoutBytes: try Self.train(.unigram)
      case .bytePairWithoutBytes: try Self.train(.bytePair)
      default: try TokenizerFolder.read(fixture(rawValue))
      }
    }

    private static func train(
      _ algorithm: SentencePieceOptions.Algorithm
    ) throws -> SentencePieceTokenizer {
      var options = SentencePieceOptions(
        vocabularySize: algorithm == .unigram ? 60 : 120, algorithm: algorithm)
      options.byteFallback = false
      return try SentencePieceTokenizer.train(on: corpus, options: options)
    }

    func texts() throws -> [String] {
      var stream = Stream()
      let letters = Array("eaoithnscrfdu  tyz é中")
      let random = (0..<300).map { _ in
        String((0..<12).map { _ in letters[Int(stream.next() % UInt64(letters.count))] })
      }
      switch self {
      case .unigram, .bytePair, .unigramWithoutBytes, .bytePairWithoutBytes:
        return corpus + random
      default:
        return corpus + random + (try ExpectedTokens(rawValue)).cases.map(\.text)
      }
    }
  }

  /// Ids of a third of the texts, or ids drawn one by one.
  private func selections(
    _ tokenizer: any Tokenizer, _ texts: [String]
  ) throws -> [Set<Int32>] {
    var stream = Stream()
    var selections: [Set<Int32>] = []
    for part in 0..<3 {
      var used: Set<Int32> = []
      for text in texts where stream.next() % 3 == part {
        used.formUnion(try tokenizer.encode(text))
      }
      selections.append(used)
      let one = (0..<Int32(tokenizer.vocabulary.size)).filter { _ in stream.next() % 3 == part }
      selections.append(Set(one))
    }
    return selections + [[]]
  }

  @Test(arguments: Kind.allCases)
  func textsWhosePiecesStayKeepThem(kind: Kind) throws {
    let (whole, texts) = (try kind.tokenizer(), try kind.texts())
    for selection in try selections(whole, texts) {
      let reduced = try whole.keepingTokens(selection)
      let kept = Set(reduced.kept.ids)
      #expect(kept.isSuperset(of: selection))
      var keptCount = 0
      for text in texts {
        let old = try whole.encode(text)
        let new = try reduced.tokenizer.encode(text)
        guard kept.isSuperset(of: old) else { continue }
        keptCount += 1
        #expect(new == old.map { reduced.kept.newID($0) }, "\(text.debugDescription)")
      }
      #expect(keptCount > 0)
    }
  }

  @Test(arguments: Kind.allCases)
  func allTextsCanBeEncodedAndDecoded(kind: Kind) throws {
    let (whole, texts) = (try kind.tokenizer(), try kind.texts())
    for selection in try selections(whole, texts) {
      let reduced = try whole.keepingTokens(selection).tokenizer
      for text in texts {
        let old = try whole.encode(text)
        let new = try reduced.encode(text)
        #expect(new.allSatisfy { (0..<reduced.vocabulary.size).contains(Int($0)) })
        guard !old.contains(whole.vocabulary.unknown) else { continue }
        #expect(!new.contains(reduced.vocabulary.unknown), "\(text.debugDescription)")
        #expect(reduced.decode(new) == whole.decode(old), "\(text.debugDescription)")
      }
    }
  }

  @Test(arguments: Kind.allCases)
  func piecesAndSpecialOnesStayWhatTheyAre(kind: Kind) throws {
    let whole = try kind.tokenizer()
    for selection in try selections(whole, kind.texts()) {
      let reduced = try whole.keepingTokens(selection)
      let (old, new) = (whole.vocabulary, reduced.tokenizer.vocabulary)
      #expect(new.size == reduced.kept.ids.count && new.size < old.size)
      for (id, oldID) in reduced.kept.ids.enumerated() {
        #expect(reduced.tokenizer.piece(Int32(id)) == whole.piece(oldID))
      }
      let special = { (some: Vocabulary) in
        [some.padding, some.unknown, some.classification, some.separator, some.mask]
      }
      #expect(special(old).map { reduced.kept.newID($0) } == special(new))
      #expect(new.maximumLength == old.maximumLength)
      #expect(new.secondTextType == old.secondTextType)
    }
  }

  @Test(arguments: Kind.allCases)
  func cuttingTwiceIsCuttingOnce(kind: Kind) throws {
    let whole = try kind.tokenizer()
    for selection in try selections(whole, kind.texts()) {
      let once = try whole.keepingTokens(selection)
      let asked = selection.compactMap { once.kept.newID($0) }
      let twice = try once.tokenizer.keepingTokens(asked)
      #expect(twice.kept.ids == Array(0..<Int32(once.kept.ids.count)))
      #expect(try twice.tokenizer.files() == once.tokenizer.files())
    }
  }

  @Test(arguments: Kind.allCases)
  func savedFilesGiveAnEqualTokenizer(kind: Kind) throws {
    let whole = try kind.tokenizer()
    let texts = try kind.texts()
    let reduced = try whole.keepingTokens(selections(whole, texts)[0]).tokenizer
    try withFolder(reduced.files()) { folder in
      let again = try TokenizerFolder.read(folder)
      #expect(again.vocabulary == reduced.vocabulary)
      #expect(try again.files() == reduced.files())
      for text in texts { #expect(try again.encode(text) == reduced.encode(text)) }
    }
  }

  @Test(arguments: Kind.allCases)
  func keepingAllChangesNothing(kind: Kind) throws {
    let whole = try kind.tokenizer()
    let same = try whole.keepingTokens(0..<Int32(whole.vocabulary.size))
    #expect(same.kept.ids == Array(0..<Int32(whole.vocabulary.size)))
    #expect(try same.tokenizer.files() == whole.files())
  }

  @Test func idsOutsideWhatStaysHaveNoNewOnes() throws {
    let kept = try unigram.get().keepingTokens([]).kept
    #expect(kept.newID(kept.ids[3]) == 3)
    #expect(kept.newID(-1) == nil && kept.newID(.max) == nil)
    #expect(try kept.ids.count < unigram.get().vocabulary.size)
  }

  @Test func tokenizersOfOtherKindsAreRefused() {
    struct OtherTokenizer: Tokenizer {
      let vocabulary = Vocabulary(size: 10)
      func encode(_ text: String) throws(TextError) -> [Int32] { [] }
      func decode(_ ids: some Sequence<Int32>) -> String { "" }
      func piece(_ id: Int32) -> String { "" }
      func files() -> [String: Data] { [:] }
    }
    #expect(throws: TextError.irreducible(tokenizer: "OtherTokenizer")) {
      try OtherTokenizer().keepingTokens([1])
    }
    #expect("\(TextError.irreducible(tokenizer: "Odd"))".contains("found Odd"))
  }
}

/// Numbers that look random and are the same each time (Marsaglia 2003, xorshift).
private struct Stream {
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state >> 11
  }
}
