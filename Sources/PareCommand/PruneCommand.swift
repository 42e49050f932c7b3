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
      pare prune Models/reviews --heads 0.5 --neurons 0.5 --criterion fisher \\
        --reconstruct least-squares --data Datasets/reviews/train.tsv --out half
      pare prune Models/reviews --heads 16 --steps 4 --fine-tune 1 \\
        --data Datasets/reviews/train.tsv --validation Datasets/reviews/dev.tsv \\
        --test Datasets/reviews/test.tsv --out smaller
      pare prune Models/reviews --flops 0.5x --data Datasets/reviews/train.tsv --out half
      pare prune Models/reviews --latency 0.5x --latency-batch 1 \\
        --data Datasets/reviews/train.tsv --out faster
      pare prune Models/reviews --weights 0.9 --pattern 4x1 --sparsify gradual --fine-tune 3 \\
        --data Datasets/reviews/train.tsv --out sparse
      pare prune Models/reviews --plan plan.json --out smaller

      How much goes is a ratio such as 0.4, or a count such as 12. With a budget, Pare measures what each layer can
      spare and chooses heads, neurons and layers. A plan is JSON that names the units that stay;
      --write-plan makes one to be edited.
      """)

  @Argument(help: "A model's folder.")
  var model: String

  @OptionGroup var cut: CutFlags
  @OptionGroup(title: "Single weights") var sparsity: SparsityFlags

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
  @OptionGroup(title: "Distillation") var distillation: DistillationFlags
  @OptionGroup var columns: ColumnOptions
  @OptionGroup var common: RunOptions

  func validate() throws {
    if cut.isEmpty && !sparsity.isActive {
      throw ValidationError(
        "Give what to cut, such as --heads 0.4 or --weights 0.9, or a budget, such as --flops 0.5x, "
          + "or a --plan.")
    }
    if distillation.distill && fineTune == 0 {
      throw ValidationError("--distill goes with --fine-tune.")
    }
    if resume && fineTune == 0 { throw ValidationError("--resume goes with --fine-tune.") }
  }

  func run() throws {
    Interruption.leaveAtOnce()
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
      data: [calibration.data, validation, test, cut.plan, cut.budget.sensitivity] + cut.scores)
    let way = try sparsity.sparsification(
      seed: calibration.seed, isTraining: fineTune > 0, hasData: calibration.data != nil,
      device: device)
    let before = try testData.map { try report(saved, $0, device) }

    let setting = CutSetting(
      calibration: calibration, columns: columns, common: common, device: device, store: store,
      validation: validation)
    for (name, cut, plan) in try cut.apply(to: saved, setting) {
      let out = name.map { "\(self.out)-\($0)" } ?? self.out
      let folder = try name == nil ? folder : OutputPlace.folder(out)
      var smaller = cut
      let session = TrainingSession(
        options: options, run: common, device: device, folder: TrainingSession.folder(for: folder))
      let mask = try sparsity.cut(&smaller, way, setting)
      if fineTune > 0 { try tune(&smaller, session, way, mask, teacher: saved, plan) }

      let after = try testData.map { try report(smaller, $0, device) }
      history.figures["parameters before"] = Double(saved.classifier.parameterCount)
      history.figures["parameters after"] = Double(smaller.classifier.parameterCount)
      history.figures["heads before"] = Double(saved.classifier.configuration.headCount)
      history.figures["heads after"] = Double(smaller.classifier.configuration.headCount)
      history.figures["test accuracy before"] = before?.accuracy
      history.figures["test accuracy after"] = after?.accuracy
      smaller.card = history.appended(to: saved.card)
      var extraFiles: [String: Data] = [:]
      if fineTune > 0 { extraFiles["metrics.jsonl"] = try Data(contentsOf: session.metricsURL) }
      try smaller.write(to: folder, as: store, extraFiles: extraFiles)
      try? FileManager.default.removeItem(at: session.folder)
      let result = ModelResult(model: out, before: before, after: after)
      if name == nil { try common.report(result) } else { try common.output.report(line: result) }
      show(saved.classifier, smaller.classifier, before, after, out)
    }
  }

  private func tune(
    _ smaller: inout SavedClassifier, _ session: TrainingSession, _ way: Sparsification,
    _ mask: WeightMask?, teacher: SavedClassifier, _ plan: PruningPlan
  ) throws {
    guard let data = calibration.data else { return }
    let most = smaller.sequenceLength(training.length, usually: 128)
    func read(_ path: String) throws -> [LabeledSequence] {
      try columns.read(path, labelNames: smaller.labelNames)
        .sequences(smaller.tokenizer, maximumLength: most)
    }
    let material = TrainingData(
      training: try read(data), validation: try validation.map(read) ?? [])
    guard distillation.distill else {
      return try session.train(
        &smaller.classifier, as: way, keeping: mask, on: material,
        objective: CrossEntropy(labelSmoothing: session.options.labelSmoothing), resume: resume)
    }
    // The teacher reads what its student reads.
    let whole = plan.tokens.map(teacher.classifier.keepingTokens) ?? teacher.classifier
    let objective = try distillation.weights.objective(
      teacher: whole, student: smaller.classifier, cutBy: plan, on: try material.training(0),
      session)
    try session.train(
      &smaller.classifier, as: way, keeping: mask, on: material, objective: objective,
      resume: resume)
  }

  private func report(
    _ saved: SavedClassifier, _ dataset: Dataset, _ device: Device
  ) throws -> EvaluationReport {
    EvaluationReport(
      try saved.predictions(on: dataset, device: device), on: dataset, training: nil)
  }

  private func show(
    _ old: DenseClassifier, _ new: DenseClassifier, _ before: EvaluationReport?,
    _ after: EvaluationReport?, _ out: String
  ) {
    var table = Table(["", "before", "after"])
    func row(_ name: String, _ value: (DenseClassifier) -> String) {
      table.add([name, value(old), value(new)])
    }
    row("layers") { "\($0.layers.count)" }
    row("heads by layer") { model in
      model.configuration.layers.map { "\($0.headCount)" }.joined(separator: " ")
    }
    row("neurons by layer") { model in
      model.configuration.layers.map { "\($0.intermediateSize)" }.joined(separator: " ")
    }
    row("channels") { "\($0.configuration.hiddenSize)" }
    row("pieces of the vocabulary") { "\($0.configuration.vocabularySize)" }
    row("parameters") { Format.count($0.parameterCount) }
    row("weights that are zero") {
      let mask = WeightMask(zerosOf: $0)
      return Format.count((mask?.weightCount ?? 0) - (mask?.keptCount ?? 0))
    }
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
