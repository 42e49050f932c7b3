// How sure a figure is.

import Foundation

/// A range that holds the true figure with 95 % confidence.
public struct Interval: Codable, Equatable, Sendable {
  /// The ends.
  public let low, high: Double

  /// A range.
  public init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }

  /// The two-sided 95 % quantile of the standard normal distribution.
  private static let z = 1.959963984540054

  /// Of a share: `successes` of `count` (Wilson, 1927). 0 to 1 where there is nothing.
  public init(successes: Int, of count: Int) {
    guard count > 0 else {
      self.init(low: 0, high: 1)
      return
    }
    let (n, z2) = (Double(count), Self.z * Self.z)
    let share = Double(successes) / n
    let center = (share + z2 / (2 * n)) / (1 + z2 / n)
    let half = Self.z / (1 + z2 / n) * (share * (1 - share) / n + z2 / (4 * n * n)).squareRoot()
    // The ends meet the share where it is 0 or 1, but for rounding.
    self.init(low: max(0, min(share, center - half)), high: min(1, max(share, center + half)))
  }

  /// Of the median of `values`, from their order alone (Hahn & Meeker, 1991, section 5.2).
  public init(medianOf values: [Double]) {
    let sorted = values.sorted()
    guard let first = sorted.first, let last = sorted.last else {
      self.init(low: 0, high: 0)
      return
    }
    let n = Double(sorted.count)
    let reach = Self.z * n.squareRoot() / 2
    let (low, high) = (Int((n / 2 - reach).rounded(.down)), Int((n / 2 + reach).rounded(.up)))
    self.init(
      low: low >= 0 ? sorted[low] : first, high: high < sorted.count ? sorted[high] : last)
  }
}

/// The value below which a share of `sorted` lies, by the nearest rank.
public func quantile(_ share: Double, of sorted: [Double]) -> Double {
  guard !sorted.isEmpty else { return 0 }
  let rank = Int((share * Double(sorted.count)).rounded(.up)) - 1
  return sorted[min(max(rank, 0), sorted.count - 1)]
}

/// Whether two models that answered the same questions differ: McNemar's exact test (1947).
public struct PairedTest: Codable, Equatable, Sendable {
  /// Questions that only the first, and that only the second, answered rightly.
  public let onlyFirst, onlySecond: Int
  /// The chance of a split at least as uneven if both were equally good.
  public let pValue: Double

  /// Compares two lists of right and wrong answers to the same questions.
  public init(_ first: [Bool], _ second: [Bool]) {
    precondition(first.count == second.count, "\(first.count) answers against \(second.count)")
    onlyFirst = zip(first, second).count { $0 && !$1 }
    onlySecond = zip(first, second).count { !$0 && $1 }
    let n = onlyFirst + onlySecond
    var tail = 0.0
    for k in 0...min(onlyFirst, onlySecond) {
      tail += exp(
        lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
          - Double(n) * log(2))
    }
    pValue = n == 0 ? 1 : min(1, 2 * tail)
  }
}
