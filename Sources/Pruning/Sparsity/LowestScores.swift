// The lowest of many numbers, without sorting them.

/// Which of some scores are the lowest: all below a bound, and the first few of those at it. Found
/// by counting the upper and then the lower halves of their bits, in time that grows with their
/// number alone.
struct LowestScores {
  private let bound: UInt32
  private var ties: Int

  /// The `count` lowest of all lists together; among equals those that come first.
  init(_ count: Int, of lists: [[Float]]) {
    func search(_ left: inout Int, _ key: (UInt32) -> Int?) -> Int {
      var counts = [Int](repeating: 0, count: 1 << 16)
      for list in lists {
        for score in list { if let key = key(score.rank) { counts[key] += 1 } }
      }
      var found = 0
      while found < counts.count - 1 && left >= counts[found] {
        left -= counts[found]
        found += 1
      }
      return found
    }
    var left = count
    let high = search(&left) { Int($0 >> 16) }
    let low = search(&left) { Int($0 >> 16) == high ? Int($0 & 0xffff) : nil }
    bound = UInt32(high) << 16 | UInt32(low)
    ties = left
  }

  /// Whether the next score in order is one of them.
  mutating func contains(_ score: Float) -> Bool {
    let rank = score.rank
    if rank != bound { return rank < bound }
    ties -= 1
    return ties >= 0
  }
}

extension Float {
  /// An integer in the same order as the numbers themselves; both zeros have the same.
  var rank: UInt32 {
    let bits = (self + 0).bitPattern
    return bits >> 31 == 1 ? ~bits : bits | 1 << 31
  }
}
