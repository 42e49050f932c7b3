import Foundation
import Testing
import Text

/// Models that would make the library read out of bounds.
@Suite struct SentencePieceCheckTests {
  /// Rules of one kind: "X" becomes `text`, and whatever `change` does to the double array.
  private func rules(
    _ text: String = "y\0", size: Int? = nil, _ change: (inout [UInt32]) -> Void = { _ in }
  ) -> Data {
    var units = [UInt32](repeating: 0, count: 256)
    let label = UInt32(UInt8(ascii: "X"))
    units[0] = 0x80 << 10
    units[0x80 ^ Int(label)] = label | 1 << 8 | (0x80 ^ label ^ 1) << 10
    units[1] = 1 << 31
    change(&units)
    let words = [UInt32(size ?? 4 * units.count)] + units
    let trie = words.flatMap { word in
      (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
    }
    return Data(trie + text.utf8)
  }

  /// A field of a protocol buffer.
  private func field(_ number: Int, _ content: Data) -> Data {
    let length = [UInt8(content.count & 127 | 128), UInt8(content.count >> 7)]
    return Data([UInt8(number << 3 | 2)] + length) + content
  }

  private func model(_ number: Int, _ rules: Data) throws -> Data {
    let trained = try unigram.get().serialized
    return trained + field(number, field(2, rules))
  }

  private func expectRefusal(
    _ model: Data, _ words: String, at location: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: TextError.self, sourceLocation: location) {
      try SentencePieceTokenizer(serialized: model)
    }
    guard case .unreadableModel(let reason) = error else {
      Issue.record("\(String(describing: error))", sourceLocation: location)
      return
    }
    #expect(reason.contains(words), sourceLocation: location)
  }

  @Test func soundRulesAreFollowed() throws {
    let plain = try SentencePieceTokenizer(serialized: model(3, Data()))
    let ruled = try SentencePieceTokenizer(serialized: model(3, rules("film\0")))
    #expect(try ruled.encode("a X") == plain.encode("a film"))
    #expect(try ruled.encode("a Y") == plain.encode("a Y"))
  }

  @Test(arguments: [3, 5])
  func rulesThatLeadOutOfThemselvesAreRefused(number: Int) throws {
    let place = 0x80 ^ Int(UInt8(ascii: "X"))
    try expectRefusal(model(number, rules { $0[0] = 0x100 << 10 }), "(trie)")
    try expectRefusal(model(number, rules { $0[0] = 1 << 30 | 1 << 9 }), "(trie)")
    try expectRefusal(model(number, rules { $0[place] |= 1 << 29 }), "(trie)")
    try expectRefusal(model(number, rules { $0[1] = 1 << 31 | 2 }), "(texts)")
    try expectRefusal(model(number, rules { $0[1] = .max }), "(texts)")
  }

  @Test func textsThatAreNoneAreRefused() throws {
    let long = String(repeating: "y", count: 257)
    try expectRefusal(model(3, rules(long + "\0")), "(texts)")
    _ = try SentencePieceTokenizer(serialized: model(3, rules(String(long.dropFirst()) + "\0")))
    // A text that starts inside of a scalar, and one that is not UTF-8.
    try expectRefusal(model(3, rules("é\0") { $0[1] = 1 << 31 | 1 }), "(texts)")
    try expectRefusal(model(3, rules() + [0xC3, 0]), "(texts)")
  }

  @Test func loopsWithARuleAreRefused() throws {
    let label = UInt32(UInt8(ascii: "X"))
    let place = 0x80 ^ label
    // After an X the way leads to where it came from: X, XX, XXX … are rules.
    let loop = rules {
      $0[Int(place)] = label | 1 << 8 | label << 10
      $0[0x80] = 1 << 31
    }
    try expectRefusal(model(3, loop), "(nesting)")
  }

  @Test func sizesThatDoNotFitAreRefused() throws {
    try expectRefusal(model(3, rules("y")), "(sizes)")
    try expectRefusal(model(3, rules("")), "(sizes)")
    try expectRefusal(model(3, Data([1, 2, 3])), "(sizes)")
    for size in [0, 4, 1020, 2048, Int(UInt32.max)] {
      try expectRefusal(model(3, rules(size: size)), "(sizes)")
    }
  }

  @Test func modelsCutShortAreRefused() throws {
    let whole = try model(3, rules())
    let start = whole.count - 1100
    for count in start..<whole.count - 1 where count % 50 != 0 || count > start + 40 {
      _ = try? SentencePieceTokenizer(serialized: whole.prefix(count))
    }
    expectRefusal(whole.prefix(whole.count - 1), "not all of it")
    expectRefusal(Data([0x0b]), "not a SentencePiece model")
    expectRefusal(Data(repeating: 0xff, count: 20), "not a SentencePiece model")
    expectRefusal(Data([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]), "not a SentencePiece model")
  }

  @Test func hugeFilesAreRefusedBeforeTheyAreRead() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "pare-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    try Data().write(to: url)
    let handle = try FileHandle(forUpdating: url)
    try handle.truncate(atOffset: 4_294_967_296)
    try handle.close()
    let error = #expect(throws: TextError.self) { try SentencePieceTokenizer(contentsOf: url) }
    #expect(error?.description.contains("at most 100000000 bytes") == true)
  }
}
