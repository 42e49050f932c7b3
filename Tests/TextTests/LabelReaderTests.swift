import Testing
import Text

@Suite struct LabelReaderTests {
  private func file(_ labels: String...) -> String {
    "text\tlabel\n" + labels.map { "a\t\($0)\n" }.joined()
  }

  @Test func integersAreSortedAsNumbers() throws {
    let found = try dataset("a.tsv", file("10", "9", "-1", "9"))
    #expect(found.labelNames == ["-1", "9", "10"])
    #expect(found.examples.map(\.label) == [2, 1, 0, 1])
  }

  @Test func otherNamesAreSortedAsText() throws {
    let found = try dataset("a.tsv", file("positive", "10", "negative", "9"))
    #expect(found.labelNames == ["10", "9", "negative", "positive"])
  }

  @Test func whiteSpaceAroundLabelsIsNoPartOfThem() throws {
    #expect(try dataset("a.tsv", file(" 1 ", "1")).labelNames == ["1"])
  }

  @Test func givenNamesAndIndicesAreAccepted() throws {
    let names = ["positive", "negative"]
    let found = try dataset("a.tsv", file("negative", "positive", "1", "0"), labelNames: names)
    #expect(found.labelNames == names)
    #expect(found.examples.map(\.label) == [1, 0, 1, 0])
  }

  @Test func indicesAreNotMistakenForIntegerNames() throws {
    let found = try dataset("a.tsv", file("2", "1"), labelNames: ["1", "2"])
    #expect(found.examples.map(\.label) == [1, 0])
    let (error, _) = try readingError("a.tsv", file("0").utf8, labelNames: ["1", "2"])
    #expect(error != nil)
  }

  @Test(arguments: ["neutral", "2", "-1"])
  func unknownLabelsAreToldWithTheKnown(label: String) throws {
    let names = ["negative", "positive"]
    let (error, path) = try readingError(
      "a.tsv", file("positive", label).utf8, labelNames: names)
    let place = TextError.Place(path: path, line: 3)
    #expect(error == .unknownLabel(at: place, label: label, expected: names))
    #expect(try #require(error).description.hasPrefix("\(path):3: "))
  }

  @Test func emptyLabelsAreMissing() throws {
    let (error, path) = try readingError("a.tsv", file("1", "").utf8)
    #expect(error == .missingValue(at: TextError.Place(path: path, line: 3), column: "label"))
  }

  @Test func labelsThatAreNotRequiredMayBeMissingOrUnknown() throws {
    let found = try dataset(
      "a.tsv", file("", "-1", "positive"), columns: ColumnSelection(requiresLabel: false),
      labelNames: ["negative", "positive"])
    #expect(found.examples.map(\.label) == [nil, nil, 1])
  }
}
