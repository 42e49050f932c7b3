// From scores and a budget to a plan.

public import Encoders

/// How many units go.
public enum PruningBudget: Equatable, Sendable {
  /// A share of all units, 0 to 1.
  case ratio(Double)
  /// A number of units.
  case count(Int)

  /// `0.4` is a ratio, `12` a count; 0 and 1 are ambiguous only in form: `1` is one unit, `1.0` all.
  public init(_ text: String) throws(PruningError) {
    if let count = Int(text), count >= 0 {
      self = .count(count)
    } else if let ratio = Double(text), text.contains("."), (0...1).contains(ratio) {
      self = .ratio(ratio)
    } else {
      throw .invalidBudget(
        expected: "a ratio from 0.0 to 1.0 or a count such as 12", found: text)
    }
  }

  /// The number of units to remove of `total`.
  public func removals(of total: Int) throws(PruningError) -> Int {
    switch self {
    case .ratio(let ratio):
      guard (0...1).contains(ratio) else {
        throw .invalidBudget(expected: "a ratio from 0.0 to 1.0", found: "\(ratio)")
      }
      return Int((Double(total) * ratio).rounded())
    case .count(let count):
      guard count >= 0, count <= total else {
        throw .invalidBudget(expected: "0 to \(total), all there are", found: "\(count)")
      }
      return count
    }
  }
}

/// Which units compete with each other.
public enum RankingScope: String, Codable, CaseIterable, Sendable {
  /// All units of the model.
  case global
  /// The units of each layer by themselves: every layer loses the same share.
  case layer
}

/// Turns scores into a plan: the least important units go.
public struct Planner: Sendable {
  private let budget: PruningBudget
  private let scope: RankingScope

  /// A planner that removes as many units as `budget` says.
  public init(removing budget: PruningBudget, scope: RankingScope = .global) {
    self.budget = budget
    self.scope = scope
  }

  /// The plan for a model of these sizes. Among equal scores the earlier unit goes first.
  public func plan(
    _ scores: ImportanceScores, for configuration: EncoderConfiguration
  ) throws(PruningError) -> PruningPlan {
    try scores.validate(for: configuration)
    let units = scores.values.enumerated().flatMap { layer, row in
      row.indices.map { (layer: layer, unit: $0, score: row[$0]) }
    }
    var removed: [(layer: Int, unit: Int, score: Float)] = []
    switch scope {
    case .global:
      removed += units.sorted { $0.score < $1.score }.prefix(try budget.removals(of: units.count))
    case .layer:
      let perLayer = try removalsPerLayer(configuration)
      for (layer, count) in perLayer.enumerated() {
        removed += units.filter { $0.layer == layer }.sorted { $0.score < $1.score }.prefix(count)
      }
    }
    var plan = PruningPlan(keepingAllOf: configuration)
    for (layer, unit, _) in removed { plan.layers[layer].heads.removeAll { $0 == unit } }
    return plan
  }

  /// The same share of each layer; what rounding leaves over goes to the layers with most units.
  private func removalsPerLayer(
    _ configuration: EncoderConfiguration
  ) throws(PruningError) -> [Int] {
    let counts = configuration.layers.map(\.headCount)
    let total = counts.reduce(0, +)
    let wanted = try budget.removals(of: total)
    guard total > 0 else { return counts }
    var removals = counts.map { $0 * wanted / total }
    while removals.reduce(0, +) < wanted {
      let left = zip(counts, removals).map { $0 - $1 }
      guard let index = left.indices.max(by: { left[$0] < left[$1] }) else { break }
      removals[index] += 1
    }
    return removals
  }
}
