// Finding byte strings among many: the pieces of a vocabulary, or the added tokens.

/// Byte strings by number, each found by its hash at the cost of one look at a table.
struct PieceList: Sendable {
  /// Where the bytes of all strings are, in any order and with anything between them.
  var bytes: [UInt8] = []
  var starts: [UInt32] = []
  var ends: [UInt32] = []

  var count: Int { starts.count }

  mutating func append(_ string: some Sequence<UInt8>) {
    starts.append(UInt32(bytes.count))
    bytes.append(contentsOf: string)
    ends.append(UInt32(bytes.count))
  }

  subscript(index: Int) -> ArraySlice<UInt8> { bytes[Int(starts[index])..<Int(ends[index])] }

  /// The numbers of the strings that begin with `prefix`.
  func indices(startingWith prefix: [UInt8]) -> [Int] {
    var indices: [Int] = []
    for index in 0..<count {
      let start = Int(starts[index])
      guard Int(ends[index]) - start >= prefix.count else { continue }
      var offset = 0
      while offset < prefix.count, bytes[start + offset] == prefix[offset] { offset += 1 }
      if offset == prefix.count { indices.append(index) }
    }
    return indices
  }

  func text(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }
}

/// A hash table over strings of a list, each without its first `skipped` bytes.
///
/// Open addressing at most half full. The hash is fixed, so that equal files cost the same in each
/// process; a file made so that its strings collide is refused rather than searched for long.
struct PieceTable: Sendable {
  let list: PieceList
  let skipped: Int
  /// The most bytes of a string, without those skipped.
  private(set) var longest = 0
  /// The upper half of a slot is a part of the hash, the lower the string's number plus 1.
  private var slots: [UInt64]
  private let shift: UInt64

  /// More steps than chance would ever need in a table half full.
  private static let maximumSteps = 512

  /// What goes wrong with a string, by its number.
  enum Misfit: Error {
    case repeated(Int, first: Int)
    case collision(Int)
  }

  init(_ list: PieceList, skipped: Int = 0, members: some Collection<Int>) throws(Misfit) {
    self.list = list
    self.skipped = skipped
    var bits = 4
    while 1 << bits < 2 * members.count { bits += 1 }
    shift = UInt64(64 - bits)
    slots = [UInt64](repeating: 0, count: 1 << bits)
    for member in members { try insert(member) }
  }

  private mutating func insert(_ index: Int) throws(Misfit) {
    let start = Int(list.starts[index]) + skipped
    let end = Int(list.ends[index])
    var hash = Self.seed
    for position in start..<end { hash = Self.hash(hash, list.bytes[position]) }
    longest = max(longest, end - start)
    let mixed = Self.mixed(hash)
    var slot = Int(truncatingIfNeeded: mixed >> shift)
    for _ in 0..<Self.maximumSteps {
      guard slots[slot] != 0 else {
        slots[slot] = (mixed << 32) | UInt64(index + 1)
        return
      }
      let other = Int(slots[slot] & 0xFFFF_FFFF) - 1
      if slots[slot] >> 32 == mixed & 0xFFFF_FFFF,
        list.bytes[start..<end] == list[other].dropFirst(skipped)
      {
        throw .repeated(index, first: other)
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    throw .collision(index)
  }

  /// What the hash of no bytes is.
  static let seed: UInt64 = 0xCBF2_9CE4_8422_2325

  /// The hash of one byte more.
  @inline(__always)
  static func hash(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15
  }

  @inline(__always)
  private static func mixed(_ hash: UInt64) -> UInt64 {
    (hash ^ (hash >> 32)) &* 0xD6E8_FEB8_6659_FD93
  }

  /// The number of the string that equals `count` bytes from `start`, of which this is the hash; -1
  /// if there is none. `map` gives for each byte the one that is meant.
  @inline(__always)
  func index(
    hash: UInt64, of bytes: [UInt8], from start: Int, count: Int, map: [UInt8]? = nil
  ) -> Int32 {
    let mixed = Self.mixed(hash)
    var slot = Int(truncatingIfNeeded: mixed >> shift)
    while slots[slot] != 0 {
      if slots[slot] >> 32 == mixed & 0xFFFF_FFFF {
        let index = Int(slots[slot] & 0xFFFF_FFFF) - 1
        let own = Int(list.starts[index]) + skipped
        if Int(list.ends[index]) - own == count {
          var offset = 0
          if let map {
            while offset < count, list.bytes[own + offset] == map[Int(bytes[start + offset])] {
              offset += 1
            }
          } else {
            while offset < count, list.bytes[own + offset] == bytes[start + offset] {
              offset += 1
            }
          }
          if offset == count { return Int32(truncatingIfNeeded: index) }
        }
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return -1
  }

  /// The longest string that the bytes in `start ..< end` begin with, and where it ends; `hashes`
  /// is room to work in.
  func longestPrefix(
    of bytes: [UInt8], from start: Int, to end: Int, hashes: inout [UInt64]
  ) -> (index: Int32, end: Int)? {
    let most = min(longest, end - start)
    while hashes.count < most { hashes.append(0) }
    var hash = Self.seed
    for offset in 0..<most {
      hash = Self.hash(hash, bytes[start + offset])
      hashes[offset] = hash
    }
    var count = most
    while count > 0 {
      // Strings are whole scalars, so none ends before a continuation byte.
      if start + count == end || bytes[start + count] & 0b1100_0000 != 0b1000_0000 {
        let found = index(hash: hashes[count - 1], of: bytes, from: start, count: count)
        if found >= 0 { return (found, start + count) }
      }
      count -= 1
    }
    return nil
  }
}
