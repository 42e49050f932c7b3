// From scores and a budget to a plan.

public import Encoders

/// How many units go.
public enum PruningBudget: Codable, Equatable, Sendable {
  /// A share of all units, 0 to 1.
  case ratio(Double)
  /// A number of units.
  case count(Int)

  /// `0.4` is a ratio, `12` a count; 0 and 1 are ambiguous only in form: `1` is one unit, `1.0`
  /// all.
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

extension PruningBudget: CustomStringConvertible {
  /// The text that ``init(_:)`` reads.
  public var description: String {
    switch self {
    case .ratio(let ratio): "\(ratio)"
    case .count(let count): "\(count)"
    }
  }

  public init(from decoder: any Decoder) throws {
    self = try PruningBudget(try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
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
  ///
  /// A model keeps a channel and a piece at least: a budget that takes all of them is refused.
  public func plan(
    _ scores: ImportanceScores, for configuration: EncoderConfiguration
  ) throws(PruningError) -> PruningPlan {
    var plan = PruningPlan(keepingAllOf: configuration)
    try remove(from: &plan, scores, for: configuration)
    return plan
  }

  /// The same in a plan that may cut units of other kinds.
  public func remove(
    from plan: inout PruningPlan, _ scores: ImportanceScores,
    for configuration: EncoderConfiguration
  ) throws(PruningError) {
    try scores.validate(for: configuration)
    let counts = scores.unit.counts(in: configuration)
    let wanted = try budget.removals(of: counts.reduce(0, +))
    var ranked = scores.values.enumerated().flatMap { row, values in
      values.indices.map { (row: row, index: $0, score: values[$0]) }
    }.sorted { $0.score < $1.score }
    // Whole layers compete with each other, whatever the scope.
    if scope == .layer && scores.unit != .layers {
      var left = Self.share(wanted, of: counts)
      ranked = ranked.filter { unit in
        defer { left[unit.row] -= 1 }
        return left[unit.row] > 0
      }
    }
    plan.remove(scores.unit, ranked.prefix(wanted).map { ($0.row, $0.index) })
  }

  /// The same share of each row; what rounding leaves over goes to the rows with most units left.
  private static func share(_ wanted: Int, of counts: [Int]) -> [Int] {
    let total = counts.reduce(0, +)
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
