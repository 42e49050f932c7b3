import Testing
import Text

@Suite struct JSONLinesReaderTests {
  @Test func scalarsBecomeFieldsAndTheRestIsLeftOut() throws {
    let text = """
      {"text": "a\\n\\u00e9", "label": 3, "id": 7, "share": 0.5, "new": true, "none": null, "all": [1]}
      {"text": "b", "label": 12, "other": {"x": 1}}
      """
    let found = try dataset("a.jsonl", text)
    #expect(found.labelNames == ["3", "12"])
    #expect(
      found.examples == [
        Example(text: "a\né", label: 0, fields: ["id": "7", "share": "0.5", "new": "true"]),
        Example(text: "b", label: 1),
      ])
  }

  @Test(arguments: ["{\"text\": ", "nonsense", "[1, 2]", "\"text\"", "{\"text\": \"a\"} x", "7"])
  func linesThatAreNoObjectAreTold(line: String) throws {
    let (error, path) = try readingError(
      "a.jsonl", "{\"text\":\"a\",\"label\":1}\n\(line)\n".utf8)
    guard case .invalidJSON(let place, let reason) = error else {
      Issue.record("expected invalidJSON, found \(String(describing: error))")
      return
    }
    #expect(place == TextError.Place(path: path, line: 2))
    #expect(!reason.isEmpty)
  }

  @Test(arguments: ["7": "an integer", "[1]": "a list", "{}": "an object", "true": "a boolean"])
  func textsMustBeStrings(value: String, kind: String) throws {
    let (error, path) = try readingError(
      "a.jsonl", "{\"text\":\"a\",\"label\":1}\n{\"text\":\(value),\"label\":1}\n".utf8)
    let place = TextError.Place(path: path, line: 2)
    #expect(error == .wrongType(at: place, column: "text", expected: "a string", found: kind))
  }

  @Test(arguments: ["0.5": "a fraction", "[]": "a list", "{\"a\":1}": "an object"])
  func labelsMustBeStringsOrIntegers(value: String, kind: String) throws {
    let (error, path) = try readingError("a.jsonl", "{\"text\":\"a\",\"label\":\(value)}".utf8)
    #expect(
      error
        == .wrongType(
          at: TextError.Place(path: path, line: 1), column: "label",
          expected: "a string or an integer", found: kind))
  }

  @Test(arguments: ["{\"label\":1}", "{\"text\":null,\"label\":1}"])
  func missingTextsAreTold(line: String) throws {
    let (error, path) = try readingError(
      "a.jsonl", "{\"text\":\"a\",\"label\":1}\n\(line)".utf8)
    #expect(error == .missingValue(at: TextError.Place(path: path, line: 2), column: "text"))
  }
}
