// What criteria learn from, as flags.

import ArgumentParser
import Foundation
import Pare

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

  /// How often all of the data's texts use each piece.
  func tokenCounts(_ saved: SavedClassifier, columns: ColumnOptions) throws -> [Int] {
    guard let data else {
      throw InputError("--tokens looks at how often texts use each piece: give a file with --data")
    }
    return try saved.tokenizer.tokenCounts(
      of: columns.read(data, labelNames: saved.labelNames).examples,
      maximumLength: saved.sequenceLength(usually: calibrationLength))
  }
}
