// Importance by the gradient of gates.

import Encoders
import Tensors
import Training

/// The mean over examples of |∂loss/∂gate| (Michel, Levy & Neubig, 2019, arXiv:1905.10650, eq. 5).
///
/// The absolute value is taken of each example's own gradient, so that neither batch size nor order
/// matters. Unlike the paper's code, layers are not normalized.
struct GateGradient: ImportanceCriterion {
  private var sums: [[Double]] = []
  private var exampleCount = 0

  var observes: Observations { .gateGradients }

  mutating func observe(_ step: CalibrationStep) {
    let gradients = step.gateGradients
    if sums.isEmpty { sums = gradients.map { Array(repeating: 0, count: $0.shape[1]) } }
    for (layer, gradient) in gradients.enumerated() {
      for example in 0..<gradient.shape[0] {
        for (head, value) in gradient.row(example).enumerated() {
          sums[layer][head] += Double(abs(value))
        }
      }
    }
    exampleCount += step.batch.labels.count
  }

  func scores(of model: DenseClassifier) throws(PruningError) -> ImportanceScores {
    guard exampleCount > 0 else {
      throw .noCalibrationData(criterion: Criterion.gateGradient.rawValue)
    }
    return ImportanceScores(
      unit: .heads, criterion: .gateGradient,
      values: sums.map { $0.map { Float($0 / Double(exampleCount)) } })
  }
}
