// Gates by chance that a gradient goes through.

import Foundation

/// A gate z in 0 … 1 that is exactly 0 or 1 with some probability, and else a smooth function of
/// its parameter log α (the hard concrete distribution: Louizos et al., 2018, arXiv:1712.01312,
/// section 2.2, with its constants).
public struct HardConcrete: Sendable {
  /// The temperature: how seldom a gate is between 0 and 1.
  public static let temperature = 2.0 / 3
  /// Where the distribution is stretched to, before it is cut off at 0 and 1.
  public static let low = -0.1
  public static let high = 1.1

  /// What is learned: large where the gate is mostly open.
  public var logAlpha: Double

  /// A gate's distribution.
  public init(logAlpha: Double) { self.logAlpha = logAlpha }

  /// The gate for a number that is uniform in 0 … 1, and its derivative by log α.
  public func sample(_ uniform: Double) -> (gate: Double, slope: Double) {
    let noise = min(max(uniform, 1e-6), 1 - 1e-6)
    let s = sigmoid((log(noise) - log(1 - noise) + logAlpha) / Self.temperature)
    let stretched = s * (Self.high - Self.low) + Self.low
    guard stretched > 0 && stretched < 1 else { return (stretched <= 0 ? 0 : 1, 0) }
    return (stretched, s * (1 - s) / Self.temperature * (Self.high - Self.low))
  }

  /// How probable it is that the gate is not 0 (eq. 12), and its derivative by log α.
  public var openProbability: (value: Double, slope: Double) {
    let value = sigmoid(logAlpha - Self.temperature * log(-Self.low / Self.high))
    return (value, value * (1 - value))
  }

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
