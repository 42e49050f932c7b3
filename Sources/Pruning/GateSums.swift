// Sums over examples of something that follows from gates' gradients.

import Encoders
import Tensors
import Training

extension GateGradients {
  /// The gradients of a kind of unit, [examples, units] for each row of
  /// ``PruningUnit/counts(in:)``.
  func rows(of unit: PruningUnit) -> [Tensor] {
    switch unit {
    case .layers: layers.map(\.layer)
    case .heads: layers.map(\.heads)
    case .neurons: layers.map(\.neurons)
    case .channels: [channels]
    case .tokens: []
    }
  }
}

/// For each unit of every kind the sum over examples of a function of its gate's gradient.
struct GateSums: Sendable {
  private var sums: [PruningUnit: [[Double]]] = [:]
  private var exampleCount = 0

  /// Adds `value` of each example's own gradient.
  mutating func add(_ step: CalibrationStep, _ value: (Double) -> Double) {
    guard let gradients = step.gateGradients else { return }
    for unit in PruningUnit.allCases where unit.hasGates {
      for (row, tensor) in gradients.rows(of: unit).enumerated() {
        let width = tensor.shape[1]
        if row >= sums[unit, default: []].count {
          sums[unit, default: []].append(Array(repeating: 0, count: width))
        }
        for (index, gradient) in tensor.elements.enumerated() {
          sums[unit]?[row][index % width] += value(Double(gradient))
        }
      }
    }
    exampleCount += step.batch.labels.count
  }

  /// The mean over examples; throws `noCalibrationData` where there were none.
  func means(
    of unit: PruningUnit, for criterion: Criterion
  ) throws(PruningError) -> [[Double]] {
    guard exampleCount > 0 else { throw .noCalibrationData(criterion: criterion) }
    return sums[unit, default: []].map { $0.map { $0 / Double(exampleCount) } }
  }
}
