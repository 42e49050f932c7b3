// A small model that is made sparse, and runs that train it.

import Encoders
import Foundation
import Pruning
import Tensors
import TestSupport
import Text
import Training

/// Sentences of random words; the label says whether word 5 is among them.
enum SparsityFixture {
  static let device = Device(threads: 2)

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

  /// A mask by magnitude.
  static func mask(
    of model: DenseClassifier = model(), _ ratio: Double, pattern: String = "weights",
    scope: SparsityScope = .global
  ) throws -> WeightMask {
    let target = SparsityTarget(ratio: ratio, pattern: try SparsityPattern(pattern), scope: scope)
    return try WeightScores(magnitudesOf: model).mask(for: target, on: device)
  }

  /// Trains a model with a transform, in a folder if there is one; returns both as they end.
  static func train<Transform: StepTransform>(
    _ start: DenseClassifier, _ transform: Transform, options: TrainingOptions = options,
    in folder: URL? = nil, stop: Int? = nil, threads: Int = 2, validation: Int = 20,
    observe: (TrainingEvent) -> Void = { _ in }
  ) throws -> (model: DenseClassifier, transform: Transform) {
    var (model, transform, asked) = (start, transform, 0)
    try Trainer(options, on: Device(threads: threads)).train(
      &model, on: try data(validation: validation), objective: CrossEntropy(),
      transform: &transform, saving: folder,
      resume: folder != nil,
      shouldStop: {
        asked += 1
        return asked == stop
      }, observe: observe)
    return (model, transform)
  }

  /// Runs `body` with a new, empty folder, and removes it after.
  static func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pare-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}

extension DenseClassifier {
  /// Whether every weight that `mask` takes is zero, and its bits are those of zero.
  func isZero(outside mask: WeightMask) throws -> Bool {
    var masked = self
    try mask.apply(to: &masked, on: SparsityFixture.device)
    return masked == self
  }

  /// The weights of its four matrices a layer that are zero.
  var zeroCount: Int {
    matrices(includingPooler: false).reduce(0) { $0 + $1.weight.elements.count { $0 == 0 } }
  }
}
