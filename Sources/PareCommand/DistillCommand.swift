// pare distill

import ArgumentParser
import Foundation
import Pare

struct DistillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill",
    abstract: "Train a small model to answer as a large one does.",
    discussion: """
      pare distill --teacher Models/reviews --data Datasets/reviews/train.tsv \\
        --validation Datasets/reviews/dev.tsv --out half
      pare distill --teacher large --student smaller --hidden-weight 1 --data train.tsv --out taught
      pare distill … --out half --resume      after an interruption

      The student is every second layer of the teacher, or a model with its teacher's tokenizer, such as one that
      pare prune made.
      """)

  @Option(help: "The folder of the model that is followed.")
  var teacher: String

  @Option(help: "The folder of the model that learns, or every-second-layer of the teacher.")
  var student = Self.everySecondLayer

  @Option(help: "A TSV, CSV or JSON Lines file with labels.")
  var data: String

  @Option(help: "Held-out data that chooses the best epoch.")
  var validation: String?

  @Option(help: "The folder to write the student to.")
  var out: String

  @Flag(help: "Go on with a run that was stopped.")
  var resume = false

  @Option(help: "How weights are stored: F32, F16 or BF16.")
  var store = ElementType.f32

  @OptionGroup var weights: DistillationWeights
  @OptionGroup var training: TrainingFlags
  @OptionGroup var columns: ColumnOptions
  @OptionGroup var common: RunOptions

  static let everySecondLayer = "every-second-layer"

  func run() throws {
    Interruption.leaveAtOnce()
    let options = try training.options(epochs: 3, learningRate: 5e-5)
    _ = try weights.options()
    let folder = try OutputPlace.folder(out)
    let device = try common.device()
    let teacher = try SavedClassifier(argument: self.teacher)
    let isCopy = student == Self.everySecondLayer
    var saved = try isCopy ? halved(teacher) : SavedClassifier(argument: student)
    try requireSameWords(teacher, saved)
    let most = saved.sequenceLength(training.length, usually: 128)
    let examples = try columns.read(data, labelNames: saved.labelNames)
    let held = try validation.map { try columns.read($0, labelNames: saved.labelNames) }
    let material = TrainingData(
      training: try examples.sequences(saved.tokenizer, maximumLength: most),
      validation: try held?.sequences(saved.tokenizer, maximumLength: most) ?? [])
    common.say(
      "\(examples.examples.count) examples; a teacher of "
        + "\(Format.count(teacher.classifier.parameterCount)) parameters, a student of "
        + "\(Format.count(saved.classifier.parameterCount))")

    let session = TrainingSession(
      options: options, run: common, device: device, folder: TrainingSession.folder(for: folder))
    let objective = try weights.objective(
      teacher: teacher.classifier, student: saved.classifier, on: try material.training(0), session)
    try session.train(&saved.classifier, on: material, objective: objective, resume: resume)

    let before = try held.map { try report(teacher, on: $0, most, device) }
    let after = try held.map { try report(saved, on: $0, most, device) }
    var history = try History(
      "distill", seed: options.seed, parent: isCopy ? self.teacher : student,
      data: [data, validation])
    history.figures["validation accuracy"] = after?.accuracy
    history.figures["validation accuracy of the teacher"] = before?.accuracy
    saved.card = history.appended(to: saved.card)
    saved.isClassifierNew = false
    try saved.write(
      to: folder, as: store,
      extraFiles: ["metrics.jsonl": try Data(contentsOf: session.metricsURL)])
    try? FileManager.default.removeItem(at: session.folder)
    try common.report(ModelResult(model: out, before: before, after: after))
    if let before, let after {
      common.say(
        "\nvalidation accuracy of the teacher \(Format.percent(before.accuracy)), of the student "
          + "\(Format.percent(after.accuracy)) (\(after.interval.text))")
    }
    common.say("the student is in \(out)")
  }

  /// A student of half of the teacher's layers: those that it will follow.
  private func halved(_ teacher: SavedClassifier) throws -> SavedClassifier {
    let configuration = teacher.classifier.configuration
    var plan = PruningPlan(keepingAllOf: configuration)
    let kept = try LayerMap.uniform.layers(
      ofStudent: (configuration.layers.count + 1) / 2, teacher: configuration.layers.count)
    plan.layers = kept.map { plan.layers[$0] }
    var student = teacher
    student.classifier = try teacher.classifier.pruned(by: plan)
    return student
  }

  /// Throws unless both give a text the same ids, and their answers the same names.
  private func requireSameWords(_ teacher: SavedClassifier, _ student: SavedClassifier) throws {
    guard !teacher.isClassifierNew else {
      throw InputError("--teacher \(self.teacher): its classifier is new; train it first")
    }
    guard teacher.labelNames == student.labelNames else {
      throw InputError(
        "--student \(self.student): expected the teacher's labels "
          + "\(teacher.labelNames.joined(separator: ", ")), found "
          + "\(student.labelNames.joined(separator: ", "))")
    }
    let (expected, found) = (teacher.tokenizer, student.tokenizer)
    let size = expected.vocabulary.size
    guard found.vocabulary.size == size else {
      throw InputError(
        "--student \(self.student): expected a tokenizer of the teacher's \(size) pieces, found "
          + "\(found.vocabulary.size)")
    }
    if let id = (0..<Int32(size)).first(where: { expected.piece($0) != found.piece($0) }) {
      throw InputError(
        "--student \(self.student): expected the teacher's tokenizer, whose piece \(id) is "
          + "\(expected.piece(id)), found one whose piece is \(found.piece(id))")
    }
  }

  private func report(
    _ saved: SavedClassifier, on held: Dataset, _ maximumLength: Int, _ device: Device
  ) throws -> EvaluationReport {
    EvaluationReport(
      try saved.predictions(on: held, maximumLength: maximumLength, device: device), on: held,
      training: nil)
  }
}
