// Importance by the size of activations.

import Encoders
import Tensors
import Training

/// The mean over tokens of what a unit gives: |activation| of a neuron (Molchanov et al., 2017,
/// arXiv:1611.06440, section 2.2, take the mean itself, of ReLU), the Euclidean norm of a head's
/// context, and of a channel |hidden state| where halves of layers read it.
///
/// The last layer computes the first token of each sequence alone, so its means are over these.
struct ActivationMagnitude: ImportanceCriterion {
  private var heads = TokenMeans()
  private var neurons = TokenMeans()
  private var channels = TokenMeans()
  private var exampleCount = 0

  var criterion: Criterion { .activation }
  var observes: Observations { .activations }

  mutating func observe(_ step: CalibrationStep) {
    for (index, layer) in step.activations.enumerated() {
      let shape = step.model.configuration.layers[index]
      heads.add(
        layer.context, to: index, units: shape.headCount, term: { Double($0) * Double($0) },
        total: { $0.squareRoot() })
      neurons.add(
        layer.neurons, to: index, units: shape.intermediateSize, term: { Double(abs($0)) })
      for read in [layer.input, layer.attended] {
        channels.add(
          read, to: 0, units: step.model.configuration.hiddenSize, term: { Double(abs($0)) })
      }
    }
    exampleCount += step.batch.labels.count
  }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    guard exampleCount > 0 else { throw .noCalibrationData(criterion: criterion) }
    let means = unit == .heads ? heads : unit == .neurons ? neurons : channels
    return unit.counts(in: model.configuration).enumerated().map { row, count in
      means.means(row, units: count).map { Float($0) }
    }
  }
}
