import Testing
import Text

@Suite struct TokenUsageTests {
  private let examples = [
    Example(text: "foobar foo", secondText: "foo"), Example(text: ""), Example(text: "bar"),
  ]

  private func tokenizer() throws -> any Tokenizer {
    try withFolder(["vocab.txt": smallVocabulary]) { try TokenizerFolder.read($0) }
  }

  @Test func countsAreThoseOfTheSequences() throws {
    // [CLS] foo ##bar foo [SEP] foo [SEP], [CLS] [SEP], [CLS] [UNK] [SEP]
    #expect(try tokenizer().tokenCounts(of: examples) == [0, 1, 3, 4, 0, 3, 1])
    #expect(try tokenizer().tokenCounts(of: []) == [Int](repeating: 0, count: 7))
  }

  @Test func whatIsCutOffDoesNotCount() throws {
    let counts = try tokenizer().tokenCounts(of: examples, maximumLength: 5)
    #expect(counts == [0, 1, 3, 4, 0, 2, 0])
    #expect(throws: TextError.lengthTooShort(maximumLength: 2, minimum: 3)) {
      try tokenizer().tokenCounts(of: examples, maximumLength: 2)
    }
  }

  @Test func selectionsTakeTheMostUsed() {
    let counts = [4, 0, 1, 7, 1, 4]
    #expect(TokenSelection.usedAtLeast(1).ids(counts) == [0, 2, 3, 4, 5])
    #expect(TokenSelection.usedAtLeast(5).ids(counts) == [3])
    #expect(TokenSelection.usedAtLeast(0).ids(counts) == [0, 1, 2, 3, 4, 5])
    #expect(TokenSelection.mostFrequent(2).ids(counts) == [0, 3])
    #expect(TokenSelection.mostFrequent(4).ids(counts) == [0, 2, 3, 5])
    #expect(TokenSelection.mostFrequent(9).ids(counts) == [0, 2, 3, 4, 5])
    #expect(TokenSelection.mostFrequent(0).ids(counts) == [])
  }
}
