// The plan that loses least under a budget.

public import Encoders

/// Chooses how many heads and neurons each layer keeps, and which layers stay: the least sum of
/// divergences among all plans that a budget allows, by dynamic programming.
///
/// Losses of different layers are taken to add up, as in SPDY (Frantar & Alistarh, 2022,
/// arXiv:2201.13096) and ZipLM (Kurtic et al., 2023, arXiv:2302.04089).
public struct BudgetSearch: Sendable {
  private let sensitivity: Sensitivity
  private let scores: [ImportanceScores]
  private let cost: any CostModel

  /// A search on what was measured; `scores` say which units of a layer go first.
  public init(_ sensitivity: Sensitivity, _ scores: [ImportanceScores], cost: any CostModel) {
    self.sensitivity = sensitivity
    self.scores = scores
    self.cost = cost
  }

  /// How finely costs are told apart.
  private static let steps = 2000

  /// One way to cut a layer; `nil` units where the layer goes.
  private struct Choice {
    var kept: [PruningUnit: Int]?
    var cost: Int
    var divergence: Double
  }

  /// The plan of a model of these sizes that costs at most `budget`; throws `invalidBudget` with
  /// the least that can be had.
  public func plan(
    for configuration: EncoderConfiguration, budget: Double
  ) throws(PruningError) -> PruningPlan {
    guard sensitivity.sizes == PruningPlan.Sizes(of: configuration) else {
      throw .otherModel(
        expected: "\(PruningPlan.Sizes(of: configuration))",
        found: "a sensitivity of \(sensitivity.sizes)")
    }
    let room = budget - cost.fixedCost
    guard room >= 0, budget.isFinite else {
      throw .invalidBudget(
        expected: "at least \(cost.fixedCost) \(cost.kind.rawValue), with every layer cut",
        found: "\(budget)")
    }
    var best: (choices: [Choice], divergence: Double)?
    // The topmost layer that stays computes less, so each is tried.
    for top in (-1..<configuration.layers.count) {
      let options = configuration.layers.indices.map {
        choices(layer: $0, configuration.layers[$0], top: top, unit: room / Double(Self.steps))
      }
      guard let found = Self.least(options) else { continue }
      if best.map({ found.divergence < $0.divergence }) ?? true { best = found }
    }
    guard let best else {
      throw .invalidBudget(expected: "a budget that some plan meets", found: "\(budget)")
    }
    return plan(best.choices, configuration)
  }

  private func choices(layer: Int, _ shape: LayerShape, top: Int, unit: Double) -> [Choice] {
    func steps(_ cost: Double) -> Int {
      unit > 0 ? Int((cost / unit).rounded(.up)) : cost > 0 ? Self.steps + 1 : 0
    }
    let gone = sensitivity.curve(.layers, layer)?.divergence(keeping: 0)
    var choices = gone.map { [Choice(kept: nil, cost: 0, divergence: $0)] } ?? []
    guard layer <= top else { return choices }
    if layer == top { choices = [] }
    func halves(_ unit: PruningUnit, _ count: Int) -> [(kept: Int, divergence: Double)] {
      guard let curve = sensitivity.curve(unit, layer) else { return [(count, 0)] }
      let step = unit == .neurons && count >= 64 ? 16 : 1
      return (Array(stride(from: 0, to: count, by: step)) + [count]).map {
        ($0, curve.divergence(keeping: $0))
      }
    }
    let isLast = layer == top
    for heads in halves(.heads, shape.headCount) {
      let attention = cost.cost(of: .heads, count: heads.kept, shape: shape, isLast: isLast)
      for neurons in halves(.neurons, shape.intermediateSize) {
        let feedForward = cost.cost(
          of: .neurons, count: neurons.kept, shape: shape, isLast: isLast)
        choices.append(
          Choice(
            kept: [.heads: heads.kept, .neurons: neurons.kept],
            cost: steps(attention + feedForward), divergence: heads.divergence + neurons.divergence)
        )
      }
    }
    // Of choices that cost the same, only the best can be part of a plan.
    var byCost: [Int: Choice] = [:]
    for choice in choices where choice.cost <= Self.steps {
      if byCost[choice.cost].map({ choice.divergence < $0.divergence }) ?? true {
        byCost[choice.cost] = choice
      }
    }
    return byCost.values.sorted { $0.cost < $1.cost }
  }

  /// One choice of each layer with the least sum of divergences within all steps.
  private static func least(
    _ options: [[Choice]]
  ) -> (choices: [Choice], divergence: Double)? {
    var sums = Array(repeating: 0.0, count: steps + 1)
    var chosen: [[Int]] = []
    for layer in options {
      var next = Array(repeating: Double.infinity, count: steps + 1)
      var picks = Array(repeating: -1, count: steps + 1)
      for (index, choice) in layer.enumerated() {
        for spent in choice.cost...steps {
          let sum = sums[spent - choice.cost] + choice.divergence
          if sum < next[spent] { (next[spent], picks[spent]) = (sum, index) }
        }
      }
      sums = next
      chosen.append(picks)
    }
    guard sums[steps].isFinite else { return nil }
    var left = steps
    var choices: [Choice] = []
    for (layer, picks) in zip(options, chosen).reversed() {
      let choice = layer[picks[left]]
      choices.append(choice)
      left -= choice.cost
    }
    return (choices.reversed(), sums[steps])
  }

  private func plan(
    _ choices: [Choice], _ configuration: EncoderConfiguration
  ) -> PruningPlan {
    var plan = PruningPlan(keepingAllOf: configuration)
    for (layer, choice) in choices.enumerated() {
      guard let kept = choice.kept else {
        plan.remove(.layers, [(layer, 0)])
        continue
      }
      for scores in scores {
        let values = scores.values[layer]
        let order = values.indices.sorted { values[$0] < values[$1] }
        let removals = values.count - (kept[scores.unit] ?? values.count)
        plan.remove(scores.unit, order.prefix(removals).map { (layer, $0) })
      }
    }
    return plan
  }
}
