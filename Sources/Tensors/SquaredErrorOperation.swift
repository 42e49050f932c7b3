// How far rows lie from those that they should follow.

extension Device {
  /// The mean over sequences of Σ (x − y)² / elements of the sequence, and its gradient by x,
  /// 2 (x − y) / (sequences · elements). x and y are [tokens, width].
  ///
  /// Each sequence weighs the same, however long it is, so that its share does not depend on what
  /// it is batched with.
  public func meanSquaredError(
    _ x: Tensor, _ y: Tensor, _ offsets: SequenceOffsets
  ) -> (value: Double, gradient: Tensor) {
    precondition(
      x.shape == y.shape && x.rows == offsets.tokenCount,
      "x is \(x.shape), y \(y.shape), \(offsets.tokenCount) tokens")
    let gradient = Tensor(uninitialized: x.shape)
    let (count, width) = (offsets.count, x.width)
    nonisolated(unsafe) let (a, b, target) = (x.pointer, y.pointer, gradient.storage.pointer)
    let means = map(count) { sequence in
      let start = Int(offsets.values[sequence]) * width
      let end = Int(offsets.values[sequence + 1]) * width
      guard start < end else { return 0.0 }
      let factor = 2 / Float(count * (end - start))
      var sum = 0.0
      for i in start..<end {
        let difference = a[i] - b[i]
        target[i] = difference * factor
        sum += Double(difference) * Double(difference)
      }
      return sum / Double(end - start)
    }
    return (means.reduce(0, +) / Double(max(1, count)), gradient)
  }
}
