// A problem that a tiny model learns in seconds, and runs on it.

import Encoders
import Foundation
import Tensors
import TestSupport
import Text
import Training

/// Sentences of random words; the label says whether word 5 is among them.
enum ToyProblem {
  static let configuration = EncoderConfiguration(
    vocabularySize: 12, hiddenSize: 24, maximumPositions: 16, labelCount: 2,
    layers: [
      LayerShape(headCount: 2, headSize: 5, intermediateSize: 16),
      LayerShape(headCount: 1, headSize: 5, intermediateSize: 9),
    ])

  static func model(seed: UInt64 = 1) -> DenseClassifier {
    DenseClassifier(configuration, seed: seed)
  }

  static func examples(_ count: Int, seed: UInt64) throws -> [LabeledSequence] {
    let random = try EncodedSequence.random(
      count: count, longest: 14, for: configuration, seed: seed)
    return random.enumerated().map { index, sequence in
      var sequence = sequence
      let hasWord = index % 2 == 0 && sequence.ids.count > 2
      for place in 1..<sequence.ids.count - 1 where sequence.ids[place] == 5 {
        sequence.ids[place] = 6
      }
      if hasWord { sequence.ids[1 + index % (sequence.ids.count - 2)] = 5 }
      return LabeledSequence(sequence, label: hasWord ? 1 : 0)
    }
  }

  static func data(training: Int = 40, validation: Int = 20) throws -> TrainingData {
    TrainingData(
      training: try examples(training, seed: 1), validation: try examples(validation, seed: 2))
  }

  /// Three epochs of five steps with dropout.
  static var options: TrainingOptions {
    var options = TrainingOptions()
    options.epochs = 3
    options.batchSize = 8
    options.learningRate = 5e-3
    options.seed = 3
    return options
  }
}

/// Trains a new model without stopping.
func trained(
  _ options: TrainingOptions, on data: TrainingData, threads: Int = 2,
  objective: some Objective = CrossEntropy(), observe: (TrainingEvent) -> Void = { _ in }
) throws -> DenseClassifier {
  var model = ToyProblem.model()
  try Trainer(options, on: Device(threads: threads)).train(
    &model, on: data, objective: objective, observe: observe)
  return model
}

/// Runs `body` with a new, empty folder, and removes it after.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "pare-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
