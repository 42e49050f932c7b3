// A teacher and students that are small enough to check by brute force.

import Distillation
import Encoders
import Foundation
import Tensors
import TestSupport
import Text
import Training

enum Fixture {
  /// Layers as given by their heads; all of one width.
  static func configuration(heads: [Int], hiddenSize: Int = 24, labelCount: Int = 3)
    -> EncoderConfiguration
  {
    EncoderConfiguration(
      vocabularySize: 12, hiddenSize: hiddenSize, maximumPositions: 16, labelCount: labelCount,
      layers: heads.map { LayerShape(headCount: $0, headSize: 5, intermediateSize: 9) })
  }

  static let teacherSizes = configuration(heads: [2, 1, 3, 2])
  static let studentSizes = configuration(heads: [1, 2])
  static let teacher = DenseClassifier.random(teacherSizes, seed: 1)
  static let student = DenseClassifier.random(studentSizes, seed: 2)

  /// Examples whose labels are chance.
  static func examples(_ count: Int, seed: UInt64 = 5) throws -> [LabeledSequence] {
    try EncodedSequence.random(count: count, longest: 14, for: teacherSizes, seed: seed)
      .enumerated().map { LabeledSequence($1, label: $0 * 7 % 3) }
  }

  /// Options with the given weights.
  static func options(
    soft: Float = 0, hard: Float = 0, hidden: Float = 0, map: LayerMap = .uniform
  ) -> DistillationOptions {
    var options = DistillationOptions()
    (options.softWeight, options.hardWeight, options.hiddenWeight) = (soft, hard, hidden)
    options.layerMap = map
    return options
  }

  static func objective(
    _ options: DistillationOptions, teacher: DenseClassifier = teacher,
    student: EncoderConfiguration = studentSizes, on device: Device = Device(threads: 1)
  ) throws -> DistillationObjective {
    try DistillationObjective(teacher: teacher, student: student, options: options, on: device)
  }
}

/// The objective's value and gradients.
func evaluate(
  _ objective: some Objective, _ model: DenseClassifier, _ examples: [LabeledSequence],
  options: ForwardOptions = ForwardOptions(), on device: Device = Device(threads: 2)
) -> (loss: Float, gradients: DenseClassifier) {
  var gradients = model.zeros()
  let loss = objective(model, LabeledBatch(examples), options, into: &gradients, on: device)
  return (loss, gradients)
}

/// The length of all gradients together.
func length(_ gradients: DenseClassifier) -> Double {
  gradients.parameters.reduce(0) { sum, parameter in
    parameter.tensor.elements.reduce(sum) { $0 + Double($1) * Double($1) }
  }.squareRoot()
}

/// Runs `body` with a new, empty folder, and removes it after.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "pare-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
