// What to cut of a model, and how to go about it.

import Foundation

/// How much of the whole has gone after each of several steps.
public enum PruningSchedule: String, Codable, CaseIterable, Sendable {
  /// The same number of units in each step.
  case linear
  /// The same share of what is left in each step.
  case exponential
  /// Fast at first and slowly at the end (Zhu & Gupta, 2017, arXiv:1710.01878, eq. 1).
  case cubic

  /// The number of units of `total` that are gone after step `step` of `steps`, when `removals` are
  /// to go.
  public func removals(after step: Int, of steps: Int, removing removals: Int, of total: Int) -> Int
  {
    guard step < steps else { return removals }
    let progress = Double(step) / Double(steps)
    let kept = Double(total - removals) / Double(max(1, total))
    let share =
      switch self {
      case .linear: progress
      case .exponential:
        // Where nothing is to stay, all but one unit go before the last step.
        (1 - pow(max(kept, 1 / Double(max(2, total))), progress)) / max(1 - kept, 1e-9)
      case .cubic: 1 - pow(1 - progress, 3)
      }
    return min(removals, Int((Double(removals) * share).rounded()))
  }
}

/// What to cut of a model, and how to go about it.
public struct PruningOptions: Codable, Equatable, Sendable {
  /// How many units of each kind go.
  public var removals: [PruningUnit: PruningBudget] = [:]
  /// How they are chosen.
  public var criterion = Criterion.gateGradient
  /// Which of them compete.
  public var scope = RankingScope.global
  /// In how many steps; units are scored anew before each.
  public var steps = 1
  /// How much goes in each step.
  public var schedule = PruningSchedule.linear
  /// What becomes of the matrices behind them.
  public var reconstruction = Reconstruction.none
  /// Decides random scores.
  public var seed: UInt64 = 0

  /// The defaults: nothing to cut.
  public init() {}

  /// The kinds of units that are to be cut, in their usual order.
  public var units: [PruningUnit] { PruningUnit.allCases.filter { removals[$0] != nil } }
}
