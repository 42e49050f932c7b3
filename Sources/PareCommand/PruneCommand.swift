// pare prune

import ArgumentParser
import Foundation
import Pare

struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Cut units out of a model; the result is smaller and loads by itself.",
    discussion: """
      pare prune Models/reviews --heads 0.4 --data Datasets/reviews/train.tsv --out smaller
      pare prune Models/reviews --heads 16 --steps 4 --fine-tune 1 \\
        --data Datasets/reviews/train.tsv --validation Datasets/reviews/dev.tsv \\
        --test Datasets/reviews/test.tsv --out smaller
      pare prune Models/reviews --plan plan.json --out smaller

      A plan is JSON: {"layers": [{"headCount": 8, "heads": [0, 3, 5]}, …]} names the heads that stay.
      """)

  @Argument(help: "A model's folder.")
  var model: String

  @Option(help: "Heads to cut: a ratio such as 0.4, or a count such as 12.")
  var heads: String?

  @Option(help: "A plan to follow instead of scores.")
  var plan: String?

  @Option(help: "Scores written by pare score, instead of scoring here.")
  var scores: String?

  @Option(help: "gate-gradient, magnitude, ablation or random.")
  var criterion = Criterion.gateGradient

  @Option(help: "Which heads compete: those of the model (global) or of each layer (layer).")
  var scope = RankingScope.global

  @Option(help: "Cut in so many steps, scoring anew before each.")
  var steps = 1

  @Option(help: "Epochs of training after the cut, on --data.")
  var fineTune = 0

  @Option(help: "Held-out data that chooses the best epoch.")
  var validation: String?

  @Option(help: "Data to evaluate on before and after.")
  var test: String?

  @Option(help: "The folder to write the smaller model to.")
  var out: String

  @Flag(help: "Go on with a fine-tuning that was stopped.")
  var resume = false

  @Option(help: "How weights are stored: F32, F16 or BF16.")
  var store = ElementType.f32

  @OptionGroup var calibration: CalibrationFlags
  @OptionGroup var training: TrainingFlags
  @OptionGroup var columns: ColumnOptions
  @OptionGroup var common: RunOptions

  func validate() throws {
    if (heads == nil) == (plan == nil) {
      throw ValidationError("Give either --heads or --plan.")
    }
    if scores != nil && (plan != nil || steps > 1) {
      throw ValidationError("--scores goes with --heads and one step.")
    }
    if resume && fineTune == 0 { throw ValidationError("--resume goes with --fine-tune.") }
  }

  func run() throws {
    Interruption.leaveAtOnce()
    guard steps > 0 else { throw InputError("--steps: expected 1 or more, found \(steps)") }
    guard fineTune >= 0 else {
      throw InputError("--fine-tune: expected 0 or more, found \(fineTune)")
    }
    let options = try training.options(epochs: fineTune, learningRate: 1e-4)
    let folder = try OutputPlace.folder(out)
    if fineTune > 0 && calibration.data == nil {
      throw InputError("--fine-tune needs examples to train on: give a file with --data")
    }
    let device = try common.device()
    let saved = try SavedClassifier(argument: model)
    let testData = try test.map { try columns.read($0, labelNames: saved.labelNames) }
    var history = try History(
      "prune", seed: training.seed, parent: model,
      data: [calibration.data, validation, test, plan, scores])
    let before = try testData.map { try report(saved, $0, device) }

    let cut = try prune(saved, device)
    var smaller = saved
    smaller.classifier = cut
    let session = TrainingSession(
      options: options, run: common, device: device, folder: TrainingSession.folder(for: folder))
    if fineTune > 0 { try tune(&smaller, session) }

    let after = try testData.map { try report(smaller, $0, device) }
    history.figures["heads before"] = Double(saved.classifier.configuration.headCount)
    history.figures["heads after"] = Double(cut.configuration.headCount)
    history.figures["test accuracy before"] = before?.accuracy
    history.figures["test accuracy after"] = after?.accuracy
    smaller.card = history.appended(to: saved.card)
    var extraFiles: [String: Data] = [:]
    if fineTune > 0 { extraFiles["metrics.jsonl"] = try Data(contentsOf: session.metricsURL) }
    try smaller.write(to: folder, as: store, extraFiles: extraFiles)
    try? FileManager.default.removeItem(at: session.folder)
    try common.report(ModelResult(model: out, before: before, after: after))
    show(saved.classifier, cut, before, after)
  }

  /// The cut model: one plan, or several with scoring in between; each checked against its gates.
  private func prune(_ saved: SavedClassifier, _ device: Device) throws -> DenseClassifier {
    var model = saved.classifier
    if let plan {
      let plan = try StrictJSON.decode(
        PruningPlan.self, contentsOf: URL(fileURLWithPath: plan))
      return try cut(model, plan, saved, device)
    }
    let total = model.configuration.headCount
    let removals = try removals(of: total)
    let batches = scores == nil ? try calibration.batches(saved, columns: columns) : []
    let steps = min(steps, max(1, removals))
    for step in 1...steps {
      let goal = removals * step / steps
      let left = goal - (total - model.configuration.headCount)
      let scores =
        try givenScores()
        ?? CalibrationFlags.scores(
          of: model, by: criterion, on: batches, seed: calibration.seed, device: device)
      let plan = try Planner(removing: .count(left), scope: scope)
        .plan(scores, for: model.configuration)
      model = try cut(model, plan, saved, device)
    }
    return model
  }

  /// The number of heads that --heads asks for.
  private func removals(of total: Int) throws -> Int {
    do throws(PruningError) { return try PruningBudget(heads ?? "").removals(of: total) } catch {
      guard case .invalidBudget(let expected, let found) = error else { throw error }
      throw InputError("--heads: expected \(expected), found \(found)")
    }
  }

  private func givenScores() throws -> ImportanceScores? {
    try scores.map {
      try StrictJSON.decode(ImportanceScores.self, contentsOf: URL(fileURLWithPath: $0))
    }
  }

  /// One surgery, and the law: closed gates answer as the cut model does.
  private func cut(
    _ model: DenseClassifier, _ plan: PruningPlan, _ saved: SavedClassifier, _ device: Device
  ) throws -> DenseClassifier {
    let smaller = try model.pruned(by: plan)
    let texts = [
      "The food was good, but we waited far too long.", "Not bad at all!", "Never again.",
      "I had hoped for more; even so, a fair price for what it is, and they were kind.",
    ]
    let most = model.configuration.maximumLength
    let batch = TokenBatch(
      try texts.map { try saved.tokenizer.encode($0, maximumLength: min(64, most)) })
    let difference = try GateCheck.check(model, plan, smaller, on: batch, device: device)
    common.say(
      "cut \(model.configuration.headCount - smaller.configuration.headCount) of "
        + "\(model.configuration.headCount) heads; closed gates and cut heads differ by at most "
        + String(format: "%.1e", difference) + " in a logit")
    return smaller
  }

  private func tune(_ smaller: inout SavedClassifier, _ session: TrainingSession) throws {
    guard let data = calibration.data else { return }
    let most = smaller.sequenceLength(training.length, usually: 128)
    func read(_ path: String) throws -> [LabeledSequence] {
      try columns.read(path, labelNames: smaller.labelNames)
        .sequences(smaller.tokenizer, maximumLength: most)
    }
    let material = TrainingData(
      training: try read(data), validation: try validation.map(read) ?? [])
    try session.train(
      &smaller.classifier, on: material,
      objective: CrossEntropy(labelSmoothing: session.options.labelSmoothing), resume: resume)
  }

  private func report(
    _ saved: SavedClassifier, _ dataset: Dataset, _ device: Device
  ) throws -> EvaluationReport {
    EvaluationReport(
      try saved.predictions(on: dataset, device: device), on: dataset, training: nil)
  }

  private func show(
    _ old: DenseClassifier, _ new: DenseClassifier, _ before: EvaluationReport?,
    _ after: EvaluationReport?
  ) {
    var table = Table(["", "before", "after"])
    func row(_ name: String, _ value: (DenseClassifier) -> String) {
      table.add([name, value(old), value(new)])
    }
    row("heads by layer") { model in
      model.configuration.layers.map { "\($0.headCount)" }.joined(separator: " ")
    }
    row("parameters") { Format.count($0.parameterCount) }
    row("attention parameters") {
      Format.count($0.configuration.cost(sequenceLength: 32).parameters.attention)
    }
    row("multiply-adds, 32 tokens") {
      Format.count($0.configuration.cost(sequenceLength: 32).multiplyAdds.total)
    }
    if let before, let after {
      table.add(["test accuracy", Format.percent(before.accuracy), Format.percent(after.accuracy)])
      table.add(["95 % interval", before.interval.text, after.interval.text])
    }
    common.say("\n" + table.text)
    common.say("\nthe smaller model is in \(out)")
  }
}
