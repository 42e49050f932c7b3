// The normalization rules of a SentencePiece model, checked before anything follows them.

import Foundation

/// The rules as a model holds them: a trie as a double array (Yata's darts-clone), and what texts
/// become. The library walks it without looking at its bounds, so that made-up rules would make it
/// read anywhere in memory.
struct NormalizationRules: Sendable {
  private let units: [UInt32]
  private let texts: [UInt8]

  /// Texts that begin with each other, one rule for each: the library has room for as many.
  private static let mostNested = 32
  /// What a rule may put in the place of a few bytes; the longest of Unicode has 33.
  private static let longestText = 256

  /// Throws where the rules lead out of themselves. The cost grows with their size alone.
  init(_ bytes: ArraySlice<UInt8>) throws(TextError) {
    func word(_ index: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[bytes.startIndex + 4 * index + $1]) << (8 * $1) }
    }
    let size = bytes.count >= 4 ? Int(word(0)) : 0
    // Units come in blocks of 256, and the texts' last one ends with NUL.
    guard size > 0, size % 1024 == 0, size < bytes.count - 4, bytes.last == 0 else {
      throw Self.unsound("sizes")
    }
    units = (1...size / 4).map(word)
    texts = Array(bytes.dropFirst(4 + size))
    guard String(validating: texts, as: UTF8.self) != nil else { throw Self.unsound("texts") }
    try walk(Followers(units))
  }

  /// What the shortest rule makes of bytes that begin with it, whatever follows; `nil` without a
  /// rule.
  func replacement(for bytes: [UInt8], _ range: Range<Int>) -> ArraySlice<UInt8>? {
    var place = units[0].offset
    for position in range {
      let byte = bytes[position]
      place ^= Int(byte)
      // Only bytes that are a label lead on; NUL, which marks values, is none.
      guard byte != 0, units[place] & (1 << 31 | 0xff) == UInt32(byte) else { return nil }
      let hasRule = units[place].hasRule
      place ^= units[place].offset
      if hasRule {
        let start = Int(units[place] & 0x7fff_ffff)
        return texts[start..<textEnd(from: start)]
      }
    }
    return nil
  }

  private func textEnd(from start: Int) -> Int {
    var end = start
    while texts[end] != 0 { end += 1 }
    return end
  }

  /// The units that follow a base, by their label: entries `starts[base] ..< starts[base + 1]`.
  private struct Followers {
    private(set) var starts: [Int32]
    private(set) var units: [Int32]

    /// Sorts the units by the base that leads to them: base xor label is the unit's own place.
    init(_ all: [UInt32]) {
      var counts = [Int32](repeating: 0, count: all.count + 1)
      for (index, unit) in all.enumerated() where !unit.isValue {
        counts[(index ^ unit.label) + 1] += 1
      }
      for index in 1..<counts.count { counts[index] += counts[index - 1] }
      starts = counts
      units = [Int32](repeating: 0, count: all.count)
      for (index, unit) in all.enumerated() where !unit.isValue {
        let base = index ^ unit.label
        units[Int(counts[base])] = Int32(index)
        counts[base] += 1
      }
    }

    subscript(base: Int) -> ArraySlice<Int32> {
      units[Int(starts[base])..<Int(starts[base + 1])]
    }
  }

  /// Follows every path, and again where more rules lie on the way than before: a loop with a rule
  /// on it ends at ``mostNested``.
  private func walk(_ followers: Followers) throws(TextError) {
    var most = [Int8](repeating: -1, count: units.count)
    var open: [(base: Int, rules: Int8)] = [(try base(after: 0), 0)]
    while let (base, rules) = open.popLast() {
      guard most[base] < rules else { continue }
      most[base] = rules
      for follower in followers[base] {
        let next = try self.base(after: Int(follower))
        guard units[Int(follower)].hasRule else {
          open.append((next, rules))
          continue
        }
        guard isText(Int(units[next] & 0x7fff_ffff)) else { throw Self.unsound("texts") }
        guard rules < Self.mostNested else { throw Self.unsound("nesting") }
        open.append((next, rules + 1))
      }
    }
  }

  /// Whether a text of whole scalars starts there, and is short.
  private func isText(_ start: Int) -> Bool {
    guard start < texts.count, texts[start] & 0b1100_0000 != 0b1000_0000 else { return false }
    return texts[start...].prefix(Self.longestText + 1).contains(0)
  }

  private func base(after index: Int) throws(TextError) -> Int {
    let base = index ^ units[index].offset
    guard base < units.count else { throw Self.unsound("trie") }
    return base
  }

  private static func unsound(_ part: String) -> TextError {
    .unreadableModel(
      reason: "its normalization rules are not sound (\(part)); copy the file again")
  }
}

/// A unit of the double array: a value, or a label with the way on.
extension UInt32 {
  fileprivate var isValue: Bool { self >> 31 == 1 }
  fileprivate var label: Int { Int(self & 0xff) }
  fileprivate var hasRule: Bool { self >> 8 & 1 == 1 }
  fileprivate var offset: Int { Int(self >> 10) << Int((self & 1 << 9) >> 6) }
}
