// Importance by how often a neuron fires.

import Encoders
import Tensors
import Training

/// The share of tokens for which a neuron's activation is above 0.17: one minus the average
/// percentage of zeros (APoZ, Hu et al., 2016, arXiv:1607.03250, eq. 1).
///
/// There the activation is ReLU; GELU is hardly ever zero. 0.17 is the depth of GELU's dip: what
/// ReLU makes zero stays below it, as do inputs up to 0.28.
struct ActiveShare: ImportanceCriterion {
  private static let threshold: Float = 0.17

  private var shares = TokenMeans()
  private var exampleCount = 0

  var criterion: Criterion { .activeShare }
  var observes: Observations { .activations }

  mutating func observe(_ step: CalibrationStep) {
    for (index, layer) in step.activations.enumerated() {
      shares.add(
        layer.neurons, to: index, units: layer.neurons.shape[1],
        term: { $0 > Self.threshold ? 1 : 0 })
    }
    exampleCount += step.batch.labels.count
  }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    guard exampleCount > 0 else { throw .noCalibrationData(criterion: criterion) }
    return unit.counts(in: model.configuration).enumerated().map { row, count in
      shares.means(row, units: count).map { Float($0) }
    }
  }
}
