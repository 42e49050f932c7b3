// From a model to a smaller one, in one step or several.

public import Encoders
public import Tensors
public import Training

/// What pruning tells while it goes on.
public enum PruningEvent: Sendable {
  /// So many batches of calibration data were looked at.
  case scored(batches: Int, of: Int)
  /// A step's units are cut; the closed gates of the model before gave logits that differ by at
  /// most this, where there were batches to compare on.
  case cut(PruningPlan, difference: Float?)
  /// A layer's projections were fitted.
  case reconstructed(layer: Int, of: Int)
}

/// Scores, plans, cuts, checks the law, and reconstructs; again for every step.
public struct Pruner: Sendable {
  private let options: PruningOptions
  private let batches: [LabeledBatch]
  private let device: Device

  /// A pruner that scores and reconstructs on given data, which may be empty where nothing needs
  /// any.
  public init(_ options: PruningOptions, on batches: [LabeledBatch], device: Device) {
    self.options = options
    self.batches = batches
    self.device = device
  }

  /// The smaller model, and the plan that leads from `model` to it. `scores` are used in place of
  /// new ones in the first step.
  public func prune(
    _ model: DenseClassifier, scores: [ImportanceScores] = [],
    observe: (PruningEvent) -> Void = { _ in }
  ) throws(PruningError) -> (model: DenseClassifier, plan: PruningPlan) {
    guard options.steps > 0 else {
      throw .invalidBudget(expected: "1 step or more", found: "\(options.steps)")
    }
    var goals: [PruningUnit: (removals: Int, total: Int)] = [:]
    for (unit, budget) in options.removals {
      let total = unit.counts(in: model.configuration).reduce(0, +)
      goals[unit] = (try budget.removals(of: total), total)
    }
    let most = goals.values.map(\.removals).max() ?? 0
    let steps = min(options.steps, max(1, most))
    var smaller = model
    var whole = PruningPlan(keepingAllOf: model.configuration)
    for step in 1...steps {
      let given = step == 1 ? scores : []
      let scores =
        given + (try self.scores(of: smaller, besides: given.map(\.unit), observe: observe))
      var plan = PruningPlan(keepingAllOf: smaller.configuration)
      for scores in scores {
        guard let goal = goals[scores.unit] else { continue }
        let gone = goal.total - scores.unit.counts(in: smaller.configuration).reduce(0, +)
        let wanted = options.schedule.removals(
          after: step, of: steps, removing: goal.removals, of: goal.total)
        try Planner(removing: .count(max(0, wanted - gone)), scope: options.scope)
          .remove(from: &plan, scores, for: smaller.configuration)
      }
      whole = try whole.followed(by: plan)
      smaller = try cut(smaller, plan, whole, model, observe)
    }
    return (smaller, whole)
  }

  /// Follows a plan.
  public func prune(
    _ model: DenseClassifier, by plan: PruningPlan, observe: (PruningEvent) -> Void = { _ in }
  ) throws(PruningError) -> DenseClassifier {
    try cut(model, plan, plan, model, observe)
  }

  /// Scores of the units that are to be cut, but those of which there are scores already.
  public func scores(
    of model: DenseClassifier, besides known: [PruningUnit] = [],
    observe: (PruningEvent) -> Void = { _ in }
  ) throws(PruningError) -> [ImportanceScores] {
    let units = options.units.filter { !known.contains($0) }
    guard !units.isEmpty else { return [] }
    var criteria = [options.criterion.make(for: units, seed: options.seed)]
    calibrate(&criteria, on: batches, through: model, device: device) {
      observe(.scored(batches: $0, of: batches.count))
    }
    var scores: [ImportanceScores] = []
    for unit in units { scores.append(try criteria[0].scores(of: model, per: unit)) }
    return scores
  }

  private func cut(
    _ model: DenseClassifier, _ plan: PruningPlan, _ whole: PruningPlan, _ first: DenseClassifier,
    _ observe: (PruningEvent) -> Void
  ) throws(PruningError) -> DenseClassifier {
    // Calibration data has the ids of the whole vocabulary.
    guard plan.tokens == nil || (options.steps <= 1 && options.reconstruction == .none) else {
      throw .invalidPlan(reason: "tokens go in one step and with nothing fitted; cut them last")
    }
    var smaller = try model.pruned(by: plan)
    let difference = try batches.first.flatMap { (batch) throws(PruningError) in
      plan.tokens == nil
        ? try GateCheck.check(model, plan, smaller, on: batch.tokens, device: device) : nil
    }
    observe(.cut(plan, difference: difference))
    try Reconstructor(options.reconstruction, on: batches, device: device).fit(
      &smaller, to: first, cutBy: whole
    ) { observe(.reconstructed(layer: $0, of: first.layers.count)) }
    return smaller
  }
}
