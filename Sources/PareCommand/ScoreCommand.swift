// pare score

import ArgumentParser
import Foundation
import Pare

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "How much each unit of a model matters.",
    discussion: """
      pare score heads Models/reviews --data Datasets/reviews/train.tsv
      pare score heads Models/reviews --data train.tsv --criterion ablation --out scores.json
      pare score heads Models/reviews --criterion magnitude
      """)

  @Argument(help: "What to score: heads.")
  var unit: PruningUnit

  @Argument(help: "A model's folder.")
  var model: String

  @Option(help: "gate-gradient, magnitude, ablation or random.")
  var criterion = Criterion.gateGradient

  @Option(help: "A file to write the scores to, for pare prune --scores.")
  var out: String?

  @OptionGroup var calibration: CalibrationFlags
  @OptionGroup var columns: ColumnOptions
  @OptionGroup var common: RunOptions

  func run() throws {
    Interruption.leaveAtOnce()
    let place = try out.map(OutputPlace.file)
    let saved = try SavedClassifier(argument: model)
    let scores = try calibration.scores(
      of: saved, by: criterion, columns: columns, device: try common.device())
    try scores.validate(for: saved.classifier.configuration)
    if let place { try AtomicFile.write(try StrictJSON.encode(scores), to: place) }
    try common.report(scores)
    let map = HeatMap(values: scores.values, usesColor: Console.standardOutput.usesColor)
    common.say("\(scores.unit.rawValue) by \(scores.criterion.rawValue); higher matters more\n")
    common.say(map.text)
    if let out { common.say("\nscores in \(out)") }
  }
}

/// What criteria learn from.
struct CalibrationFlags: ParsableArguments {
  @Option(help: "A TSV, CSV or JSON Lines file with labels, such as the training data.")
  var data: String?

  @Option(help: "Examples taken from it by chance.")
  var examples = 1024

  @Option(name: .customLong("calibration-batch"), help: "Sentences that go through together.")
  var batch = 32

  @Option(help: "The longest sequence in tokens.")
  var calibrationLength = 128

  @Option(name: .customLong("calibration-seed"), help: "Decides which examples, and random scores.")
  var seed: UInt64 = 0

  /// Labeled batches of the sampled examples; none without a file.
  func batches(_ saved: SavedClassifier, columns: ColumnOptions) throws -> [LabeledBatch] {
    guard let data else { return [] }
    guard examples > 0 else {
      throw InputError("--examples: expected 1 or more, found \(examples)")
    }
    guard (1...1_000_000).contains(batch) else {
      throw InputError("--calibration-batch: expected 1 to 1000000, found \(batch)")
    }
    let most = saved.sequenceLength(usually: calibrationLength)
    let sequences = try columns.read(data, labelNames: saved.labelNames)
      .sample(examples, seed: seed).sequences(saved.tokenizer, maximumLength: most)
    return stride(from: 0, to: sequences.count, by: batch).map {
      LabeledBatch(sequences[$0..<min($0 + batch, sequences.count)])
    }
  }

  func scores(
    of saved: SavedClassifier, by criterion: Criterion, columns: ColumnOptions, device: Device
  ) throws -> ImportanceScores {
    let batches = try batches(saved, columns: columns)
    return try Self.scores(
      of: saved.classifier, by: criterion, on: batches, seed: seed, device: device)
  }

  static func scores(
    of model: DenseClassifier, by criterion: Criterion, on batches: [LabeledBatch], seed: UInt64,
    device: Device
  ) throws -> ImportanceScores {
    var criteria = [criterion.make(seed: seed)]
    var bar = ProgressBar(total: batches.count)
    calibrate(&criteria, on: batches, through: model, device: device) {
      bar.show($0, "scoring by \(criterion.rawValue)")
    }
    Console.standardError.finishProgress()
    return try criteria[0].scores(of: model)
  }
}
