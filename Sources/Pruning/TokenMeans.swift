// Means over tokens of something of each unit's activations.

import Tensors

/// For each unit of some rows the mean over tokens of something of its columns.
struct TokenMeans: Sendable {
  private var sums: [Int: [Double]] = [:]
  private var counts: [Int: Int] = [:]

  /// Adds the tokens of x [tokens, units · width] to a row: of each unit, `total` of the sum of
  /// `term` over its columns.
  mutating func add(
    _ x: Tensor, to row: Int, units: Int, term: (Float) -> Double,
    total: (Double) -> Double = { $0 }
  ) {
    let tokens = x.shape[0]
    let width = x.shape[1] / max(1, units)
    var rowSums = sums[row] ?? Array(repeating: 0, count: units)
    let elements = x.elements
    for token in 0..<tokens {
      for unit in 0..<units {
        let start = (token * units + unit) * width
        var sum = 0.0
        for index in start..<start + width { sum += term(elements[index]) }
        rowSums[unit] += total(sum)
      }
    }
    sums[row] = rowSums
    counts[row, default: 0] += tokens
  }

  /// The means of a row; zeros for a row without tokens.
  func means(_ row: Int, units: Int) -> [Double] {
    guard let sums = sums[row], let count = counts[row], count > 0 else {
      return Array(repeating: 0, count: units)
    }
    return sums.map { $0 / Double(count) }
  }

  /// Whether nothing was added.
  var isEmpty: Bool { counts.isEmpty }
}
