import Checkpoints
import Foundation
import Testing

@Suite struct StrictJSONTests {
  private struct Settings: Codable, Equatable {
    struct Inner: Codable, Equatable {
      var peak: Float = 0.1
      var names: [String] = []
    }
    enum Kind: String, Codable { case plain, fancy }

    var count = 3
    var kind = Kind.plain
    var inner = Inner()
    var note: String?
    var parts: [Inner] = []
    var seed: UInt64 = 0
  }

  private func decode(_ json: String, over defaults: Settings? = Settings()) throws -> Settings {
    try StrictJSON.decode(Settings.self, from: Data(json.utf8), over: defaults, path: "s.json")
  }

  /// Expects the text to be refused for a reason that contains all `words`.
  private func expectRefusal(
    _ json: String, _ words: String..., over defaults: Settings? = Settings(),
    at location: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: CheckpointError.self, sourceLocation: location) {
      try decode(json, over: defaults)
    }
    guard case .invalidJSON("s.json", let reason) = error else {
      Issue.record("\(String(describing: error))", sourceLocation: location)
      return
    }
    for word in words { #expect(reason.contains(word), sourceLocation: location) }
  }

  @Test func missingKeysTakeTheirDefaults() throws {
    #expect(try decode("{}") == Settings())
    let found = try decode(#"{"inner": {"names": ["a"]}, "kind": "fancy"}"#)
    #expect(found == Settings(kind: .fancy, inner: .init(names: ["a"])))
    var defaults = Settings(count: 9, note: "kept")
    #expect(try decode("{}", over: defaults) == defaults)
    defaults.inner.peak = 7
    #expect(try decode(#"{"count": 1}"#, over: defaults).inner.peak == 7)
  }

  @Test func unknownKeysAreNamedWithTheirPlace() {
    expectRefusal(#"{"cuont": 1}"#, "unknown key cuont", "count, inner, kind, parts, seed")
    expectRefusal(#"{"inner": {"paek": 1}}"#, "unknown key inner.paek", "names, peak")
    expectRefusal(
      #"{"parts": [{"peak": 1, "names": []}, {"peak": 1, "names": [], "x": 0}]}"#,
      "unknown key parts[1].x")
  }

  @Test func wrongTypesAreNamedWithTheirPlace() {
    expectRefusal(#"{"count": "three"}"#, "Int", "count", "found \"three\"")
    expectRefusal(#"{"inner": {"names": [1]}}"#, "String", "inner.names.[0]", "found 1")
    expectRefusal(#"{"inner": {"names": [[]]}}"#, "inner.names.[0]", "found an array")
    expectRefusal(#"{"inner": 3}"#, "inner", "found 3")
    expectRefusal(#"{"count": null}"#, "count", "found null")
    expectRefusal(#"{"count": {}}"#, "count", "found an object")
    expectRefusal(#"{"kind": "plian"}"#, "not valid at kind: found \"plian\"")
    let long = String(repeating: "x", count: 1000)
    expectRefusal(#"{"kind": "\#(long)"}"#, "found \"\(long.prefix(100))…\"")
  }

  @Test func keysThatStandTwiceAreRefused() {
    expectRefusal(#"{"count": 1, "count": 1}"#, "the key count stands twice")
    expectRefusal(#"{"count": 1, "c\u006funt": 2}"#, "the key count stands twice")
    expectRefusal(#"{"inner": {"peak": 1, "peak": 2}}"#, "the key peak stands twice")
    expectRefusal(#"{"parts": [{"peak": 1, "peak": 2}]}"#, "the key peak stands twice")
  }

  @Test func textThatNestsOrGoesOnWithoutEndIsRefused() throws {
    let depth = 500_000
    expectRefusal(String(repeating: "[", count: depth), "nested deeper than 64")
    expectRefusal(String(repeating: "{\"a\":", count: depth), "nested deeper than 64")
    expectRefusal(#"{"parts": "# + String(repeating: "[", count: depth), "nested deeper")
    expectRefusal(String(repeating: " ", count: 5 << 20), "at most 4194304 bytes")
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "s.json")
      try Data("{}".utf8).write(to: url)
      let handle = try FileHandle(forUpdating: url)
      try handle.truncate(atOffset: 4_294_967_296)
      try handle.close()
      let reason = "expected at most 4194304 bytes, found 4294967296"
      #expect(throws: CheckpointError.unreadable(path: url.path, reason: reason)) {
        try StrictJSON.decode(Settings.self, contentsOf: url)
      }
    }
  }

  @Test func numbersThatDoNotFitAreNamedWithTheirPlace() {
    expectRefusal(#"{"count": 1.5}"#, "does not fit", "count, 1.5")
    expectRefusal(#"{"seed": -1}"#, "seed, -1")
    expectRefusal(#"{"seed": 1e30, "inner": {"peak": 0.5}}"#, "seed, 1e+30")
    expectRefusal(#"{"count": -2.5, "seed": -1}"#, "does not fit")
    let all = #"{"count":1,"kind":"plain","inner":{"peak":0.5,"names":[]},"parts":[],"seed":0.5}"#
    expectRefusal(all, "seed, 0.5", over: nil)
  }

  @Test func textThatIsNoJSONIsRefused() {
    for json in ["", "{", "{]", "nonsense", "{} {}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":+1}"] {
      expectRefusal(json, "not valid JSON", "at byte")
    }
    for json in ["[]", "3", "null", "\"a\""] { expectRefusal(json) }
  }

  @Test func withoutDefaultsEveryKeyIsNeeded() throws {
    expectRefusal(#"{"count": 1}"#, "expected the key", "found none", over: nil)
    let all = Settings(count: 1, kind: .fancy, note: "n", parts: [.init()])
    let json = String(decoding: try StrictJSON.encode(all), as: UTF8.self)
    #expect(try decode(json, over: nil) == all)
  }

  @Test(arguments: [0, 0x20_0000_0000_0001, UInt64(Int64.max), 0x8000_0000_0000_0000, .max])
  func largeNumbersKeepEveryDigit(seed: UInt64) throws {
    let settings = Settings(seed: seed)
    let data = try StrictJSON.encode(settings)
    #expect(try StrictJSON.decode(Settings.self, from: data, path: "") == settings)
    #expect(
      try StrictJSON.decode(Settings.self, from: data, over: Settings(), path: "") == settings)
  }

  @Test(arguments: [Float(0.1), 1e-12, 5e-5, 3.4028235e38, 0x1p-149, 16_777_215])
  func floatsKeepEveryBit(peak: Float) throws {
    let settings = Settings(inner: .init(peak: peak))
    let found = try StrictJSON.decode(
      Settings.self, from: StrictJSON.encode(settings), over: Settings(), path: "")
    #expect(found.inner.peak.bitPattern == peak.bitPattern)
  }

  @Test func equalValuesGiveEqualReadableBytes() throws {
    let data = try StrictJSON.encode(Settings(note: "a/b"))
    #expect(try StrictJSON.encode(Settings(note: "a/b")) == data)
    let text = String(decoding: data, as: UTF8.self)
    #expect(text.contains("\"note\" : \"a/b\"") && text.hasSuffix("}\n"))
  }

  @Test func filesAreNamedInErrors() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "s.json")
      #expect(throws: CheckpointError.missing(path: url.path, hint: "check the name")) {
        try StrictJSON.decode(Settings.self, contentsOf: url)
      }
      try Data("{".utf8).write(to: url)
      let reason = "not valid JSON: expected a string, found the end, at byte 1"
      #expect(throws: CheckpointError.invalidJSON(path: url.path, reason: reason)) {
        try StrictJSON.decode(Settings.self, contentsOf: url)
      }
      try Data(#"{"count": 4}"#.utf8).write(to: url)
      let found = try StrictJSON.decode(Settings.self, contentsOf: url, over: Settings())
      #expect(found == Settings(count: 4))
      let error = #expect(throws: CheckpointError.self) {
        try StrictJSON.decode(Settings.self, contentsOf: folder)
      }
      guard case .unreadable(folder.path, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }
}
