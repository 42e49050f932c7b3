import Checkpoints
import Foundation
import Testing

/// The reader of our own, seen through what is read with it.
@Suite struct JSONReaderTests {
  /// What the metadata of a safetensors file says under "a", given as JSON.
  private func string(_ json: String) throws -> String? {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      let header = Data("{\"__metadata__\":{\"a\":\(json)}}".utf8)
      let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> ($0 * 8)) }
      try (Data(length) + header).write(to: url)
      return try SafetensorsFile(contentsOf: url).metadata["a"]
    }
  }

  /// Why the text is no JSON, or `nil` where only its values do not fit.
  private func flaw(_ json: String) -> String? {
    do {
      _ = try StrictJSON.decode(String.self, from: Data(json.utf8), path: "")
      return nil
    } catch .invalidJSON(_, let reason) where reason.hasPrefix("not valid JSON: ") {
      return reason
    } catch { return nil }
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
  ])
  func stringsThatAreNoneAreRefused(json: String) {
    #expect(throws: CheckpointError.self) { try string(json) }
    #expect(flaw(json) != nil)
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
    "1e", "1e-", "00", "-01", "0x1", "tru", "truefalse", "nul", "NaN", "Infinity", "// a\n1",
    "[1]]", "[", "\u{feff}{}", "[\u{a0}]",
  ])
  func unsoundTextIsRefused(text: String) {
    #expect(flaw(text) != nil)
  }

  @Test func nestingIsLegalUpToABound() {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(flaw(nested(64)) == nil)
    #expect(flaw(nested(65))?.contains("nested deeper than 64") == true)
    let wide = "[" + String(repeating: "[],", count: 1000) + "[]]"
    #expect(flaw(wide) == nil, "depth is bounded, not number")
  }

  @Test func failuresNameThePlace() {
    #expect(flaw("  [1, x]") == "not valid JSON: expected a value, found x, at byte 6")
    #expect(flaw("[\u{1}]") == "not valid JSON: expected a value, found the byte 0x1, at byte 1")
  }
}
