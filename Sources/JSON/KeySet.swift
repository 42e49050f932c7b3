// The keys of one object, told apart by their bytes.

/// Finds keys that stand twice, without making a string of each.
///
/// A hash table with open addressing. The hash is a polynomial over the integers modulo 2⁶¹ - 1 at
/// a random point: universal (Carter and Wegman 1979, doi:10.1016/0022-0000(79)90044-8), so that no
/// file can be written whose keys collide. What is found does not depend on the point.
struct KeySet {
  private struct Key {
    let text: JSONText
    /// 0 as long as there are few.
    var hash: UInt32 = 0
  }

  private var keys: [Key] = []
  /// For each place of the table the number of its key, counted from 1, or 0.
  private var table: [UInt32] = []
  /// Drawn when it is needed, for that is a call of the system.
  private var point: UInt64 = 0

  private static let prime: UInt64 = 1 << 61 - 1
  /// So few keys are compared with each other; most objects have no more.
  private static let few = 8

  /// Whether the key is new.
  mutating func insert(_ text: JSONText, of bytes: [UInt8]) -> Bool {
    if keys.count < Self.few {
      for old in keys where Self.areEqual(old.text, text, bytes) { return false }
      keys.append(Key(text: text))
      return true
    }
    if table.isEmpty {
      point = UInt64.random(in: 1 << 32..<Self.prime)
      for index in keys.indices { keys[index].hash = hash(keys[index].text, bytes) }
    }
    if keys.count * 2 >= table.count { grow() }
    let key = Key(text: text, hash: hash(text, bytes))
    var place = self.place(of: key.hash)
    while table[place] != 0 {
      let old = keys[Int(table[place]) - 1]
      if old.hash == key.hash, Self.areEqual(old.text, text, bytes) { return false }
      place = (place + 1) & (table.count - 1)
    }
    keys.append(key)
    table[place] = UInt32(keys.count)
    return true
  }

  private static func areEqual(_ left: JSONText, _ right: JSONText, _ bytes: [UInt8]) -> Bool {
    if left.isEscaped || right.isEscaped {
      return left.content(in: bytes).elementsEqual(right.content(in: bytes))
    }
    guard left.range.count == right.range.count else { return false }
    return zip(left.range, right.range).allSatisfy { bytes[$0] == bytes[$1] }
  }

  private mutating func grow() {
    table = [UInt32](repeating: 0, count: max(table.count * 4, 64))
    for (index, key) in keys.enumerated() {
      var place = self.place(of: key.hash)
      while table[place] != 0 { place = (place + 1) & (table.count - 1) }
      table[place] = UInt32(index + 1)
    }
  }

  private func place(of hash: UInt32) -> Int { Int(hash) & (table.count - 1) }

  private func hash(_ key: JSONText, _ bytes: [UInt8]) -> UInt32 {
    guard key.isEscaped else { return hash(bytes, key.range) }
    let content = Array(key.content(in: bytes))
    return hash(content, 0..<content.count)
  }

  private func hash(_ bytes: [UInt8], _ range: Range<Int>) -> UInt32 {
    var hash: UInt64 = 1
    var word: UInt64 = 0
    var count = 0
    for index in range {
      word = word << 8 | UInt64(bytes[index])
      count += 1
      // Seven bytes stay below the prime.
      if count == 7 {
        hash = multiplied(hash) + word
        word = 0
        count = 0
      }
    }
    return UInt32(truncatingIfNeeded: multiplied(multiplied(hash) + word))
  }

  /// The product with the point, modulo the prime but for at most a few.
  private func multiplied(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: point)
    let sum = product.low & Self.prime + (product.high << 3 | product.low >> 61)
    return sum & Self.prime + sum >> 61
  }
}
