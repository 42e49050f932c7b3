// One run of cutting: the library's steps, with what people see of them.

import Foundation
import Pare

/// What a cut happens with.
struct CutSetting {
  let calibration: CalibrationFlags
  let columns: ColumnOptions
  let common: RunOptions
  let device: Device
  let store: ElementType
  /// Held-out data, for --max-drop.
  let validation: String?

  var seed: UInt64 { calibration.seed }

  func batches(_ saved: SavedClassifier) throws -> [LabeledBatch] {
    try calibration.batches(saved, columns: columns)
  }
}

/// Cuts a model as the flags say.
struct CutSession {
  let saved: SavedClassifier
  let options: PruningOptions
  let given: [ImportanceScores]
  let batches: [LabeledBatch]
  let setting: CutSetting

  private var pruner: Pruner { Pruner(options, on: batches, device: setting.device) }

  /// By the units that the flags name.
  func prune() throws -> (model: DenseClassifier, plan: PruningPlan) {
    defer { Console.standardError.finishProgress() }
    return try pruner.prune(saved.classifier, scores: given, observe: observer())
  }

  /// By a plan.
  func prune(by plan: PruningPlan) throws -> DenseClassifier {
    defer { Console.standardError.finishProgress() }
    return try pruner.prune(saved.classifier, by: plan, observe: observer())
  }

  /// To a budget, or several.
  func prune(
    to budget: BudgetFlags
  ) throws -> [(name: String?, model: DenseClassifier, plan: PruningPlan)] {
    let goals = try budget.goals()
    let observe = observer()
    let scores = try given.isEmpty ? pruner.scores(of: saved.classifier, observe: observe) : given
    Console.standardError.finishProgress()
    let sensitivity = try sensitivity(scores, budget)
    return try goals.map { goal in
      switch goal {
      case .cost(let kind, let amount, let name):
        let cost = try costModel(kind, budget)
        let limit = amount.of(cost.cost(of: saved.classifier.configuration))
        let plan = try BudgetSearch(sensitivity, scores, cost: cost)
          .plan(for: saved.classifier.configuration, budget: limit)
        return (name, try prune(by: plan), plan)
      case .drop(let drop):
        let (model, plan) = try smallest(losing: drop, scores, sensitivity, budget)
        return (nil, model, plan)
      }
    }
  }

  private func costModel(_ kind: CostKind, _ budget: BudgetFlags) throws -> any CostModel {
    try budget.model(
      kind, saved.classifier.configuration, store: setting.store, setting.device)
  }

  private func sensitivity(
    _ scores: [ImportanceScores], _ budget: BudgetFlags
  ) throws -> Sensitivity {
    if let path = budget.sensitivity {
      return try StrictJSON.decode(Sensitivity.self, contentsOf: URL(fileURLWithPath: path))
    }
    return try setting.sensitivity(
      saved, scores, batches, examples: budget.sensitivityExamples,
      reconstruction: options.reconstruction)
  }

  /// The model with the fewest multiply-adds that loses at most `drop` of the validation accuracy:
  /// halving the interval between all and nothing, since losses grow with what is cut.
  private func smallest(
    losing drop: Double, _ scores: [ImportanceScores], _ sensitivity: Sensitivity,
    _ budget: BudgetFlags
  ) throws -> (DenseClassifier, PruningPlan) {
    guard let path = setting.validation else {
      throw InputError("--max-drop is measured on held-out data: give a file with --validation")
    }
    let dataset = try setting.columns.read(path, labelNames: saved.labelNames)
    func accuracy(_ model: DenseClassifier) throws -> Double {
      var other = saved
      other.classifier = model
      return try other.predictions(on: dataset, device: setting.device).accuracy
    }
    let least = try accuracy(saved.classifier) - drop
    let configuration = saved.classifier.configuration
    let cost = try costModel(.multiplyAdds, budget)
    var best = (saved.classifier, PruningPlan(keepingAllOf: configuration))
    var (low, high) = (0.0, 1.0)
    for _ in 0..<6 {
      let share = (low + high) / 2
      let room = share * (cost.cost(of: configuration) - cost.fixedCost) + cost.fixedCost
      let plan = try BudgetSearch(sensitivity, scores, cost: cost)
        .plan(for: configuration, budget: room)
      let model = try prune(by: plan)
      let found = try accuracy(model)
      setting.common.say(
        String(format: "%.0f %% of the multiply-adds: ", share * 100) + Format.percent(found))
      if found >= least {
        (best, high) = ((model, plan), share)
      } else {
        low = share
      }
    }
    return best
  }

  private func observer() -> (PruningEvent) -> Void {
    var bar = ProgressBar(total: batches.count)
    return { event in
      switch event {
      case .scored(let done, _): bar.show(done, "scoring by \(options.criterion.rawValue)")
      case .cut(let plan, let difference):
        Console.standardError.finishProgress()
        setting.common.say(plan.summary(difference: difference))
        bar = ProgressBar(total: saved.classifier.layers.count)
      case .reconstructed(let layer, _): bar.show(layer, "reconstructing layers")
      }
    }
  }
}

extension CutSetting {
  /// The sensitivity of a model on some of its calibration data.
  func sensitivity(
    _ saved: SavedClassifier, _ scores: [ImportanceScores], _ batches: [LabeledBatch],
    examples: Int, reconstruction: Reconstruction
  ) throws -> Sensitivity {
    guard examples > 0 else {
      throw InputError("--sensitivity-examples: expected 1 or more, found \(examples)")
    }
    var some: [LabeledBatch] = []
    for batch in batches where some.reduce(0, { $0 + $1.labels.count }) < examples {
      some.append(batch)
    }
    var probe = SensitivityProbe(on: some, device: device)
    probe.reconstruction = reconstruction
    var bar: ProgressBar?
    defer { Console.standardError.finishProgress() }
    return try probe.measure(saved.classifier, scores) { done, total in
      if bar == nil { bar = ProgressBar(total: total) }
      bar?.show(done, "cutting one layer at a time")
    }
  }
}

extension PruningPlan {
  /// What a plan cuts, in a line.
  fileprivate func summary(difference: Float?) -> String {
    let cut = [
      (sizes.layers.count - layers.count, sizes.layers.count, "layers"),
      (
        layers.reduce(0) { $0 + sizes.layers[$1.index].headCount - $1.heads.count },
        layers.reduce(0) { $0 + sizes.layers[$1.index].headCount }, "heads"
      ),
      (
        layers.reduce(0) { $0 + sizes.layers[$1.index].intermediateSize - $1.neurons.count },
        layers.reduce(0) { $0 + sizes.layers[$1.index].intermediateSize }, "neurons"
      ),
      (sizes.hiddenSize - channels.count, sizes.hiddenSize, "channels"),
    ].filter { $0.0 > 0 }.map { "\($0.0) of \($0.1) \($0.2)" }
    let what = cut.isEmpty ? "nothing" : cut.joined(separator: ", ")
    guard let difference else { return "cut \(what)" }
    return "cut \(what); closed gates and cut units differ by at most "
      + String(format: "%.1e", difference) + " in a logit"
  }
}
