import JSON
import Testing

@Suite struct JSONCursorTests {
  /// Why the text is no JSON, or `nil` where it is; the tree must agree on all but its own bounds.
  private func flaw(_ json: String) -> JSONFailure? { flaw(Array(json.utf8)) }

  private func flaw(_ bytes: [UInt8]) -> JSONFailure? {
    var failure: JSONFailure?
    do throws(JSONFailure) {
      var cursor = JSONCursor(bytes)
      try cursor.skip()
      try cursor.end()
    } catch { failure = error }
    do throws(JSONFailure) {
      _ = try JSONDocument(bytes)
      #expect(failure == nil)
    } catch { #expect(error == failure) }
    return failure
  }

  private func string(_ json: String) throws -> String {
    var cursor = JSONCursor(Array(json.utf8))
    let string = try cursor.string()
    try cursor.end()
    return string
  }

  private func wholeNumber(_ json: String) throws -> Int {
    var cursor = JSONCursor(Array(json.utf8))
    let number = try cursor.wholeNumber()
    try cursor.end()
    return number
  }

  @Test func stringsAndTheirEscapesAreRead() throws {
    #expect(try string(#""""#) == "")
    #expect(try string(" \t\r\n\"a\" ") == "a")
    #expect(try string(#""ünï € 🎬""#) == "ünï € 🎬")
    #expect(try string(#""a\"\\\/\b\f\n\r\tz""#) == "a\"\\/\u{8}\u{c}\n\r\tz")
    #expect(try string(#""\u0041\u00e9\u20AC\ud83c\udfac\u0000""#) == "Aé€🎬\0")
  }

  @Test(arguments: [
    "", "a", "\"", "\"a", "\"\n\"", "\"\u{0}\"", #""\x""#, #""\u12""#, #""\u12g4""#, #""\"#,
    #""\ud83c""#, #""\ud83c\n""#, #""\ud83cA""#, #""\ud83c\u0041""#, #""\udfac""#, "'a'",
    #""\u００４１""#,
  ])
  func stringsThatAreNoneAreRefused(json: String) {
    #expect(throws: JSONFailure.self) { try string(json) }
    #expect(flaw(json) != nil)
  }

  @Test(arguments: [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xc3], [0xf4, 0x90, 0x80, 0x80]])
  func textThatIsNotUTF8IsRefused(bytes: [UInt8]) {
    #expect(flaw([0x22] + bytes + [0x22])?.description == "text that is not UTF-8, at byte 1")
    #expect(flaw([0x7b, 0x22] + bytes + [0x22, 0x3a, 0x31, 0x7d])?.byte == 2)
    #expect(flaw(bytes) != nil)
  }

  @Test(arguments: [
    "{}", "[]", "[1,2]", "{\"a\":1}", "{\"a\":[{},{\"b\":null}]}", "-0", "1.5", "1e5", "-1.0E+5",
    "1e-0", " true\n", "[true,false,null]", "\"\\/\"",
  ])
  func soundTextIsAccepted(text: String) {
    #expect(flaw(text) == nil)
  }

  @Test(arguments: [
    "", "[1,]", "[,1]", "[1 2]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{\"a\"}", "-", "1.", ".5",
    "1e", "1e-", "00", "-01", "+1", "0x1", "tru", "truefalse", "nul", "NaN", "Infinity",
    "// a\n1", "[1]]", "[", "\u{feff}{}", "[\u{a0}]", "{} {}", "{]", "[}",
  ])
  func unsoundTextIsRefused(text: String) {
    #expect(flaw(text) != nil)
  }

  @Test(arguments: [
    ("", 0), ("{", 1), ("{} x", 3), (#"{"a"}"#, 4), (#"{"a":}"#, 5), (#"{"a":1,}"#, 7),
    ("[1 2]", 3), ("[1,", 3), (#"{"a":tru}"#, 5), (#"{"a":--1}"#, 5), (#"{"a":.5}"#, 5),
    (#""open"#, 1), ("\"a\tb\"", 2), (#"{a:1}"#, 1), ("[-]", 1), ("{\"a\":1]", 6), ("[1.]", 1),
  ])
  func whatIsNotJSONIsToldWithItsByte(text: String, byte: Int) {
    #expect(flaw(text)?.byte == byte)
  }

  @Test func failuresSayWhatWasFound() {
    #expect(flaw("  [1, x]")?.description == "expected a value, found x, at byte 6")
    #expect(flaw("[\u{1}]")?.description == "expected a value, found the byte 0x1, at byte 1")
    #expect(flaw("[")?.description == "expected a value, found the end, at byte 1")
    #expect(flaw("[1e]")?.reason == "a number in a form that JSON does not have")
  }

  @Test func nestingIsLegalUpToABound() {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
    }
    #expect(flaw(nested(64)) == nil)
    #expect(flaw(nested(65))?.reason == "nested deeper than 64")
    #expect(flaw(String(repeating: "[", count: 1_000_000))?.byte == 64)
    #expect(flaw(String(repeating: "{\"a\":", count: 500_000))?.reason == "nested deeper than 64")
    let wide = "[" + String(repeating: "[],", count: 1000) + "[]]"
    #expect(flaw(wide) == nil, "depth is bounded, not number")
  }

  @Test(arguments: [
    (#"{"a":1,"a":2}"#, "a", 8), (#"{"count":1,"c\u006funt":2}"#, "count", 12),
    (#"[{"a":{"b":1,"c":2,"b":3}}]"#, "b", 20), (#"{"\n":1,"\n":2}"#, "\n", 9),
  ])
  func keysThatStandTwiceAreRefused(text: String, key: String, byte: Int) {
    #expect(flaw(text)?.repeatedKey == key)
    #expect(flaw(text)?.byte == byte)
    #expect(flaw(text)?.reason == "the key \(key.brief) stands twice")
  }

  /// Composed and decomposed: one string, other bytes. Whoever keeps strings would lose one.
  @Test func equivalentKeysAreOneStringButTwoPieces() throws {
    let text = Array("{\"\u{e9}\":1,\"e\u{301}\":2}".utf8)
    var cursor = JSONCursor(text)
    #expect(throws: JSONFailure.self) { try cursor.skip() }
    guard case .object(let members) = try JSONDocument(text).root else {
      Issue.record("expected an object")
      return
    }
    #expect(members.count == 2)
  }

  @Test func manyKeysAreRefused() {
    let keys = (0...JSONCursor.mostKeys).map { "\"\($0)\":0" }.joined(separator: ",")
    var cursor = JSONCursor(Array("{\(keys)}".utf8))
    let failure = #expect(throws: JSONFailure.self) { try cursor.skip() }
    #expect(failure?.reason == "more than 1048576 keys")
    let other = #expect(throws: JSONFailure.self) { try JSONDocument(Array("{\(keys)}".utf8)) }
    #expect(other == failure)
  }

  @Test func wholeNumbersAreDigitsAlone() throws {
    #expect(try wholeNumber(" 0 ") == 0 && wholeNumber("42") == 42)
    #expect(try wholeNumber("9223372036854775807") == .max)
    for text in ["", "-1", "01", "1.0", "1e2", "9223372036854775808", "\"1\"", "true"] {
      #expect(throws: JSONFailure.self) { try wholeNumber(text) }
    }
  }

  @Test func objectsAndArraysAreReadByTheCaller() throws {
    var cursor = JSONCursor(Array(#" {"a": [1, 2], "b\n": {"c": [null, -1.5e3]}} "#.utf8))
    var found: [String] = []
    try cursor.object { (cursor, key) throws(JSONFailure) in
      found.append(key)
      guard key == "a" else { return try cursor.skip() }
      try cursor.array { (cursor) throws(JSONFailure) in
        found.append("\(try cursor.wholeNumber())")
      }
    }
    try cursor.end()
    #expect(found == ["a", "1", "2", "b\n"])
    var other = JSONCursor(Array("[1]".utf8))
    let failure = #expect(throws: JSONFailure.self) { try other.object { _, _ in } }
    #expect(failure?.description == "expected an object, found [, at byte 0")
  }
}
