import Foundation
import Testing
import Text

@Suite struct WordPieceTokenizerTests {
  /// Every setting both ways, added tokens of each kind, and text that hurts.
  @Test(arguments: ["uncased", "cased", "accented", "unclean", "vocabulary"])
  func idsAreThoseOfTheLibrary(folder: String) throws {
    let tokenizer = try WordPieceTokenizer(contentsOf: fixture(folder))
    let expected = try ExpectedTokens(folder)
    #expect(expected.cases.count > 100)
    for example in expected.cases {
      #expect(tokenizer.encode(example.text) == example.ids, "\(example.text.debugDescription)")
    }
    for pair in expected.pairs {
      let sequence = try tokenizer.encode(
        pair.first, pairedWith: pair.second, maximumLength: pair.length)
      #expect(sequence.ids == pair.ids)
      #expect(sequence.typeIDs == pair.typeIDs)
    }
  }

  @Test(arguments: ["uncased", "cased", "accented", "unclean"])
  func firstIDsAreThoseOfTheWholeText(folder: String) throws {
    let tokenizer = try WordPieceTokenizer(contentsOf: fixture(folder))
    for example in try ExpectedTokens(folder).cases.prefix(180) {
      for limit in [0, 1, 2, 7, 100, .max] {
        #expect(tokenizer.encode(example.text, limit: limit) == Array(example.ids.prefix(limit)))
      }
    }
  }

  @Test func sequencesOfLongTextsAreThoseOfTheWholeText() throws {
    let tokenizer: any Tokenizer = try TokenizerFolder.read(fixture("cased"))
    let text = String(repeating: "中文 foo bar [MASK][ENT] film ", count: 3_000)
    let whole = try EncodedSequence(
      tokenizer.encode(text), vocabulary: tokenizer.vocabulary, maximumLength: 128)
    #expect(try tokenizer.encode(text, maximumLength: 128) == whole)
  }

  @Test func vocabularyTellsSpecialIDsAndLength() throws {
    let uncased = try WordPieceTokenizer(contentsOf: fixture("uncased"))
    #expect(uncased.vocabulary.padding == 0 && uncased.vocabulary.mask == 4)
    #expect(uncased.vocabulary.classification == 2 && uncased.vocabulary.separator == 3)
    #expect(uncased.vocabulary.unknown == 1 && uncased.vocabulary.maximumLength == nil)
    #expect(uncased.piece(4) == "[MASK]")
    let vocabulary = try WordPieceTokenizer(contentsOf: fixture("vocabulary")).vocabulary
    #expect(vocabulary.maximumLength == 128)
    #expect(vocabulary.separatorsBetweenTexts == 1 && vocabulary.secondTextType == 1)
  }

  @Test(arguments: ["uncased", "accented", "vocabulary"])
  func savedFilesGiveAnEqualTokenizer(folder: String) throws {
    let tokenizer = try WordPieceTokenizer(contentsOf: fixture(folder))
    try withFolder(tokenizer.files()) { copy in
      let again = try TokenizerFolder.read(copy)
      #expect(again.vocabulary == tokenizer.vocabulary)
      #expect(try again.files() == tokenizer.files())
      for example in try ExpectedTokens(folder).cases {
        #expect(try again.encode(example.text) == example.ids)
      }
    }
  }

  @Test func filesWithoutSettingsAreSavedWithSome() throws {
    try withFolder(["vocab.txt": smallVocabulary]) { folder in
      let files = try WordPieceTokenizer(contentsOf: folder).files()
      #expect(Set(files.keys) == ["vocab.txt", "tokenizer_config.json"])
    }
  }

  @Test func decodingJoinsPieces() throws {
    try withFolder(["vocab.txt": smallVocabulary]) { folder in
      let tokenizer = try WordPieceTokenizer(contentsOf: folder)
      #expect(tokenizer.encode("Foobar [MASK] FOO bar?") == [5, 6, 4, 5, 1, 1])
      #expect(tokenizer.decode([2, 5, 6, 4, 5, 1, -1, 99, 3]) == "foobar foo [UNK]")
      #expect(tokenizer.decode([]) == "")
    }
  }

  @Test func carriageReturnsAndMissingLastLineBreaksAreRead() throws {
    let text = smallVocabulary.dropLast().replacing("\n", with: "\r\n")
    let tokenizer = try withFolder(["vocab.txt": String(text)]) {
      try WordPieceTokenizer(contentsOf: $0)
    }
    #expect(tokenizer.encode("foobar") == [5, 6])
  }

  @Test func eightTasksEncodeAsOneDoes() async throws {
    let tokenizer = try WordPieceTokenizer(contentsOf: fixture("accented"))
    let cases = try ExpectedTokens("accented").cases
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask { cases.allSatisfy { tokenizer.encode($0.text) == $0.ids } }
      }
      for await isEqual in group { #expect(isEqual) }
    }
  }

  @Test func oneWordOfAMegabyteIsUnknownAtOnce() throws {
    let tokenizer = try WordPieceTokenizer(contentsOf: fixture("uncased"))
    #expect(tokenizer.encode(String(repeating: "a", count: 1 << 20)) == [1])
  }
}

let smallVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nfoo\n##bar\n"
