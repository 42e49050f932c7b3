// The order in which examples are seen.

import Tensors

/// Cuts the examples of an epoch into batches.
struct Batching {
  let batchSize: Int
  let bucketsByLength: Bool
  let seed: UInt64

  /// Steps in an epoch over `count` examples.
  func stepCount(_ count: Int) -> Int { (count + batchSize - 1) / batchSize }

  /// The batches of an epoch as indices; a function of seed and epoch alone.
  ///
  /// With buckets, fifty batches' worth of shuffled examples at a time are sorted by length, so
  /// that the sentences of a batch are alike and steps differ in cost; batches are shuffled again.
  func batches(epoch: Int, lengths: [Int]) -> [[Int]] {
    var stream = RandomStream(seed, 0xba7c4, UInt64(epoch))
    var order = stream.permutation(lengths.count)
    if bucketsByLength {
      let pool = 50 * batchSize
      for start in stride(from: 0, to: order.count, by: pool) {
        let end = min(start + pool, order.count)
        // Ties keep their shuffled order: sort by length, then by place.
        let sorted = order[start..<end].enumerated().sorted {
          (lengths[$0.element], $0.offset) < (lengths[$1.element], $1.offset)
        }
        order.replaceSubrange(start..<end, with: sorted.map(\.element))
      }
    }
    let batches = stride(from: 0, to: order.count, by: batchSize).map {
      Array(order[$0..<min($0 + batchSize, order.count)])
    }
    return bucketsByLength ? batches.shuffled(using: &stream) : batches
  }
}
