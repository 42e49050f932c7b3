import JSON
import Testing

@Suite struct JSONDocumentTests {
  /// A tree in a form that tells all of it.
  private func spelled(_ value: JSONDocument.Value, _ bytes: [UInt8]) -> String {
    switch value {
    case .null: "null"
    case .boolean(let boolean): "\(boolean)"
    case .number(let text): "number \(text.string(in: bytes))"
    case .string(let text): "“\(text.string(in: bytes))”"
    case .list(let list): "[\(list.map { spelled($0, bytes) }.joined(separator: ", "))]"
    case .object(let members):
      "{"
        + members.map { "\($0.key.string(in: bytes)): \(spelled($0.value, bytes))" }
        .joined(separator: ", ") + "}"
    }
  }

  private func members(_ text: String) throws -> [JSONDocument.Member] {
    guard case .object(let members) = try JSONDocument(Array(text.utf8)).root else { return [] }
    return members
  }

  @Test func valuesKeepTheirOrderAndTheirBytes() throws {
    let text = #" {"b": [1, -2.5e+3, null, true, false, []], "a": {"\u00e9\n": "\ud83d\ude00"}} "#
    let document = try JSONDocument(Array(text.utf8))
    #expect(
      spelled(document.root, document.bytes)
        == "{b: [number 1, number -2.5e+3, null, true, false, []], a: {é\n: “😀”}}")
  }

  @Test func stringsTellWhereTheyStand() throws {
    let text = #"{"ab":0,"\u0061c":1}"#
    let members = try members(text)
    #expect(members.map(\.key.range) == [2..<4, 9..<16])
    #expect(members.map(\.key.isEscaped) == [false, true])
    #expect(members.map { $0.key.string(in: Array(text.utf8)) } == ["ab", "ac"])
  }

  @Test func aScalarAloneIsAText() throws {
    for text in ["null", "1", "\"a\"", "true"] { _ = try JSONDocument(Array(text.utf8)) }
  }

  @Test func manyValuesAreRefused() {
    let text = "[" + String(repeating: "1,", count: JSONDocument.mostValues) + "1]"
    let failure = #expect(throws: JSONFailure.self) { try JSONDocument(Array(text.utf8)) }
    #expect(failure?.reason == "more than 4000000 values")
  }

  /// Around the number of keys up to which they are compared with each other, and beyond.
  @Test(arguments: [1, 2, 7, 8, 9, 31, 32, 33, 100, 5000])
  func aKeyThatStandsTwiceIsFoundAmongAnyNumber(count: Int) throws {
    let keys = (0..<count).map { "\"a long key of number \($0)\":0" }
    let sound = "{" + keys.joined(separator: ",") + "}"
    #expect(try members(sound).count == count)
    for index in Set([0, count / 2, count - 1]) {
      let text = "{" + (keys + [keys[index]]).joined(separator: ",") + "}"
      let failure = #expect(throws: JSONFailure.self) { try members(text) }
      #expect(failure?.repeatedKey == "a long key of number \(index)")
    }
  }

  @Test func keysThatDifferLittleAreTwo() throws {
    // Beginnings of each other, and zeros, which weigh nothing in a sum.
    let beginnings = (0..<200).map { "\"" + String(repeating: "x", count: $0) + "\":0" }
    let zeros = (0..<200).map { "\"" + String(repeating: #"\u0000"#, count: $0) + "y\":0" }
    #expect(try members("{" + (beginnings + zeros).joined(separator: ",") + "}").count == 400)
  }
}
