// pare train

import ArgumentParser
import Foundation
import Pare

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a mini encoder from nothing, or fine-tune one with --from.",
    discussion: """
      pare train --data Datasets/reviews/train.tsv --validation Datasets/reviews/dev.tsv --out mine
      pare train --data train.csv --shape layers=2,hidden=128,heads=4,ffn=512 --out tiny
      pare train --from mine --data more.tsv --epochs 1 --out better
      pare train --data train.tsv --pretrain 10 --out mine      hidden words first, then labels
      pare train … --out mine --resume      after an interruption
      """)

  @Option(help: "A TSV, CSV or JSON Lines file with labels.")
  var data: String

  @Option(help: "Held-out data that chooses the best epoch; a tenth of --data unless given.")
  var validation: String?

  @Option(help: "The folder to write the model to.")
  var out: String

  @Option(help: "A model to go on from, instead of random weights.")
  var from: String?

  @Option(help: "The shape of a new model; \(ModelShape()) unless given.")
  var shape: ModelShape?

  @Option(help: "A tokenizer file for a new model; learned from --data unless given.")
  var tokenizer: String?

  @Option(help: "Epochs of masked language modelling on the texts of --data before the labels.")
  var pretrain = 0

  @Option(help: "The highest learning rate of these epochs.")
  var pretrainLearningRate: Float = 7e-4

  @Flag(help: "Go on with a run that was stopped.")
  var resume = false

  @Option(help: "How weights are stored: F32, F16 or BF16.")
  var store = ElementType.f32

  @OptionGroup var vocabulary: VocabularyFlags
  @OptionGroup var training: TrainingFlags
  @OptionGroup var columns: ColumnOptions
  @OptionGroup var common: RunOptions

  func validate() throws {
    if from != nil && (shape != nil || tokenizer != nil || vocabulary.size != nil) {
      throw ValidationError(
        "--shape, --tokenizer and --vocabulary go with a new model, not with --from.")
    }
    if shape?.vocabulary != nil {
      throw ValidationError("--vocabulary sets the vocabulary, not --shape.")
    }
  }

  func run() throws {
    Interruption.leaveAtOnce()
    let device = try common.device()
    let options = try training.options(
      epochs: from == nil ? 10 : 3, learningRate: from == nil ? 5e-4 : 5e-5)
    guard (0...1_000_000).contains(pretrain) else {
      throw InputError("--pretrain: expected 0 to 1000000, found \(pretrain)")
    }
    let folder = try OutputPlace.folder(out)
    var parent = try from.map { try SavedClassifier(argument: $0, seed: training.seed) }
    let isNew = parent?.isClassifierNew ?? true
    var examples = try columns.read(data, labelNames: isNew ? nil : parent?.labelNames)
    if isNew {
      try requireLabels(examples)
      parent?.renewClassifier(labelNames: examples.labelNames, seed: training.seed)
    }
    let held = try heldOut(&examples)
    var saved = try parent ?? fresh(examples)
    let most = saved.sequenceLength(training.length, usually: 128)
    let material = TrainingData(
      training: try examples.sequences(saved.tokenizer, maximumLength: most),
      validation: try held.sequences(saved.tokenizer, maximumLength: most))

    let session = TrainingSession(
      options: options, run: common, device: device, folder: TrainingSession.folder(for: folder))
    common.say(
      "\(examples.examples.count) examples to train on, \(held.examples.count) held out; "
        + "\(Format.count(saved.classifier.parameterCount)) parameters")
    if pretrain > 0 { try learnLanguage(&saved, material, session) }
    // What is zero in a sparse model stays zero.
    let way = try Sparsification(nil, on: device)
    try session.train(
      &saved.classifier, as: way, keeping: nil, on: material,
      objective: CrossEntropy(labelSmoothing: options.labelSmoothing), resume: resume)

    let after = try report(saved, on: held, most, device)
    var history = try History(
      "train", seed: options.seed, parent: from, data: [data, validation, tokenizer])
    history.figures["validation accuracy"] = after?.accuracy
    saved.card = history.appended(to: saved.card)
    saved.isClassifierNew = false
    try saved.write(
      to: folder, as: store,
      extraFiles: ["metrics.jsonl": try Data(contentsOf: session.metricsURL)])
    try? FileManager.default.removeItem(at: session.folder)
    let before = try isNew ? nil : parent.flatMap { try report($0, on: held, most, device) }
    try common.report(ModelResult(model: out, before: before, after: after))
    if let after {
      common.say("\nvalidation accuracy \(Format.percent(after.accuracy)) (\(after.interval.text))")
    }
    common.say("the model is in \(out)")
  }

  /// The figures of a model on the held-out examples, if there are any.
  private func report(
    _ saved: SavedClassifier, on held: Dataset, _ maximumLength: Int, _ device: Device
  ) throws -> EvaluationReport? {
    guard !held.examples.isEmpty else { return nil }
    return EvaluationReport(
      try saved.predictions(on: held, maximumLength: maximumLength, device: device), on: held,
      training: nil)
  }

  /// Masked language modelling on the training texts; the labels are not looked at.
  private func learnLanguage(
    _ saved: inout SavedClassifier, _ material: TrainingData, _ session: TrainingSession
  ) throws {
    var options = session.options
    options.epochs = pretrain
    options.learningRate = pretrainLearningRate
    options.patience = 0
    let first = TrainingSession(
      options: options, run: session.run, device: session.device,
      folder: session.folder.appendingPathComponent("pretraining"))
    var texts = material
    texts.validation = []
    try first.train(
      &saved.classifier, on: texts,
      objective: MaskedLanguageModel(vocabulary: saved.tokenizer.vocabulary), resume: resume)
  }

  /// The held-out examples: a file, or a tenth of `examples`, which are taken out of them.
  private func heldOut(_ examples: inout Dataset) throws -> Dataset {
    if let validation {
      return try columns.read(validation, labelNames: examples.labelNames)
    }
    var stream = RandomStream(training.seed, 0x4e1d)
    let order = stream.permutation(examples.examples.count)
    let count = examples.examples.count / 10
    let all = examples
    func part(_ indices: ArraySlice<Int>) -> Dataset {
      Dataset(examples: indices.sorted().map { all.examples[$0] }, labelNames: all.labelNames)
    }
    examples = part(order[count...])
    return part(order[..<count])
  }

  /// A new classifier tells the labels of the data apart, of which there must be some.
  private func requireLabels(_ examples: Dataset) throws {
    guard examples.labelNames.count > 1 else {
      throw InputError(
        "\(data): expected at least two different labels, found "
          + "\(examples.labelNames.first ?? "none") alone; name the column with --label-column")
    }
  }

  /// A model with random weights, and a tokenizer from a file or learned from the examples.
  private func fresh(_ examples: Dataset) throws -> SavedClassifier {
    let tokenizer =
      if let tokenizer {
        try SentencePieceTokenizer(contentsOf: URL(fileURLWithPath: tokenizer))
      } else {
        try vocabulary.learn(from: examples.texts, of: data)
      }
    let configuration = try (shape ?? ModelShape()).configuration(
      vocabularySize: tokenizer.vocabulary.size, labelCount: examples.labelNames.count)
    return SavedClassifier(
      classifier: DenseClassifier(configuration, seed: training.seed), tokenizer: tokenizer,
      labelNames: examples.labelNames, card: ModelCard())
  }
}
