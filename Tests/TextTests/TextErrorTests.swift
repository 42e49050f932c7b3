import Testing
import Text

@Suite struct TextErrorTests {
  @Test func errorsTellPlaceExpectationAndFinding() {
    let place = TextError.Place(path: "data/a.tsv", line: 12)
    #expect(
      TextError.wrongFieldCount(at: place, expected: 2, found: 3).description
        == "data/a.tsv:12: wrong number of fields; expected 2 as in the header, found 3")
    #expect(
      TextError.vocabularyTooLarge(requested: 8_000, largest: 276).description.contains("276"))
  }

  @Test func longListsOfNamesAreCutShort() {
    let names = (0..<100).map { "name\($0)" }
    let error = TextError.unknownLabel(
      at: TextError.Place(path: "a.tsv", line: 1), label: "x", expected: names)
    #expect(error.description.hasSuffix("name9 or 90 more"))
  }
}
