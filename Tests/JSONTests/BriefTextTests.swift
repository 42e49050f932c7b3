import JSON
import Testing

@Suite struct BriefTextTests {
  @Test func longTextIsCutAndNothingMovesTheCursor() {
    #expect("a é 電影".brief == "a é 電影")
    #expect("a\u{1b}[2J\n\0".brief == "a\u{fffd}[2J\u{fffd}\u{fffd}")
    #expect(String(repeating: "x", count: 100).brief == String(repeating: "x", count: 100))
    #expect(String(repeating: "x", count: 101).brief == String(repeating: "x", count: 100) + "…")
  }
}
