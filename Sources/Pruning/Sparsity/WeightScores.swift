// How much each single weight matters, and the mask that follows.

import Encoders
public import Tensors

/// A score for each weight of some matrices: higher matters more.
public struct WeightScores: Sendable {
  /// Each matrix with its scores, in the matrix's shape.
  public var matrices: [(place: MatrixPlace, scores: Tensor)]

  /// Scores.
  public init(_ matrices: [(place: MatrixPlace, scores: Tensor)]) { self.matrices = matrices }

  /// The mask of the weights that stay when the least important ones go: among equals those that
  /// come first.
  ///
  /// `progress` is the share of the way to the target. What `gone` takes already goes first.
  public func mask(
    for target: SparsityTarget, progress: Double = 1, gone: WeightMask? = nil, on device: Device
  ) throws(SparsityError) -> WeightMask {
    try target.validate()
    for (place, scores) in matrices where !device.isFinite(scores) {
      throw .notFinite(matrix: place.name)
    }
    return choose(target, progress, gone, on: device)
  }

  /// The same without a look at what cannot be: in a training run, whose gradients are looked at
  /// anyhow.
  func choose(
    _ target: SparsityTarget, _ progress: Double, _ gone: WeightMask?, on device: Device
  ) -> WeightMask {
    let matrices = matrices
    let lists = device.map(matrices.count) { index in
      let (place, scores) = matrices[index]
      var list = scores.blockScores(target.pattern.block, target.blockScore)
      if let kept = gone?.matrices[place.name]?.isKept {
        for (index, isKept) in kept.enumerated() where !isKept { list[index] = -.infinity }
      }
      return list
    }
    var goes = Self.lowest(of: lists, widths: widths(target), target, progress, on: device)
    // Also where more is gone already than was asked for.
    for index in lists.indices {
      for place in lists[index].indices where lists[index][place] == -.infinity {
        goes[index][place] = true
      }
    }
    var masks: [String: MatrixMask] = [:]
    for (index, (place, scores)) in matrices.enumerated() {
      masks[place.name] = MatrixMask(
        goes[index].map { !$0 }, block: target.pattern.block, shape: scores.shape)
    }
    return WeightMask(pattern: target.pattern, matrices: masks)
  }

  /// Blocks in a row of each matrix.
  private func widths(_ target: SparsityTarget) -> [Int] {
    let columns = target.pattern.block.columns
    return matrices.map { ($0.scores.shape[1] + columns - 1) / columns }
  }

  /// For each block whether it goes.
  private static func lowest(
    of lists: [[Float]], widths: [Int], _ target: SparsityTarget, _ progress: Double,
    on device: Device
  ) -> [[Bool]] {
    if case .nOfM(let keep, let of) = target.pattern {
      return device.map(lists.count) { index in
        lists[index].lowestOfGroups(
          of, width: widths[index], removing: Double(of - keep) * progress)
      }
    }
    switch target.scope {
    case .global:
      var lowest = LowestScores(
        target.removals(of: lists.reduce(0) { $0 + $1.count }, progress), of: lists)
      return lists.map { $0.map { lowest.contains($0) } }
    case .matrix:
      return device.map(lists.count) { index in
        var lowest = LowestScores(
          target.removals(of: lists[index].count, progress), of: [lists[index]])
        return lists[index].map { lowest.contains($0) }
      }
    case .output:
      return device.map(lists.count) { index in
        lists[index].lowestOfRows(
          widths[index], removing: target.removals(of: widths[index], progress))
      }
    }
  }
}

extension [Float] {
  /// For each number whether it is among the `count` lowest of its row.
  func lowestOfRows(_ width: Int, removing count: Int) -> [Bool] {
    var goes = [Bool](repeating: false, count: self.count)
    for start in stride(from: 0, to: self.count, by: Swift.max(1, width)) {
      // Numbers that compare as scores do, and equal ones by their place.
      let order = (0..<width).map { UInt64(self[start + $0].rank) << 32 | UInt64($0) }.sorted()
      for place in order.prefix(count) { goes[start + Int(place & 0xffff_ffff)] = true }
    }
    return goes
  }

  /// For each number whether it is among the lowest of its group of `size` along a row. A group
  /// that an edge cuts loses the same share.
  func lowestOfGroups(_ size: Int, width: Int, removing share: Double) -> [Bool] {
    var goes = [Bool](repeating: false, count: count)
    for row in stride(from: 0, to: count, by: Swift.max(1, width)) {
      for start in stride(from: row, to: row + width, by: size) {
        let group = start..<Swift.min(start + size, row + width)
        let removals = Int((share * Double(group.count) / Double(size)).rounded(.down))
        for index in group {
          var lower = 0
          for other in group where other != index {
            let isBefore = (self[other], other) < (self[index], index)
            if isBefore { lower += 1 }
          }
          goes[index] = lower < removals
        }
      }
    }
    return goes
  }
}

extension Tensor {
  /// A score for each block of a matrix of weights' scores.
  func blockScores(_ block: BlockShape, _ score: BlockScore) -> [Float] {
    let values = elements
    guard block.count > 1 else { return values }
    let (rows, columns) = (shape[0], shape[1])
    let across = (columns + block.columns - 1) / block.columns
    var sums = [Float](repeating: 0, count: (rows + block.rows - 1) / block.rows * across)
    for row in 0..<rows {
      let (line, first) = (row * columns, row / block.rows * across)
      for place in 0..<across {
        var sum: Float = 0
        for index in line + place * block.columns..<line + min(columns, (place + 1) * block.columns)
        {
          sum += score == .sum ? values[index] : values[index] * values[index]
        }
        sums[first + place] += sum
      }
    }
    guard score == .rootMeanSquare else { return sums }
    return sums.indices.map { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: across)
      let count =
        min(block.rows, rows - row * block.rows)
        * min(block.columns, columns - column * block.columns)
      return (sums[index] / Float(count)).squareRoot()
    }
  }
}
