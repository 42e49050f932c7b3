// Importance by weights and activations.

import Encoders
import Tensors
import Training

/// Σ over a unit's columns j of the projection that reads it of ‖x_j‖ · ‖w_j‖ (Wanda: Sun et al.,
/// 2023, arXiv:2306.11695, eq. 1, there for each weight by itself): a neuron has one column of the
/// down projection, a head as many of the attention's output as it is wide.
///
/// ‖x_j‖ is the root of the mean square over tokens, where the paper takes the norm over all of
/// them: it does not grow with the data, and the last layer, which computes fewer tokens, stays
/// comparable.
struct Wanda: ImportanceCriterion {
  private var contexts = TokenMeans()
  private var neurons = TokenMeans()
  private var exampleCount = 0

  var criterion: Criterion { .wanda }
  var observes: Observations { .activations }

  mutating func observe(_ step: CalibrationStep) {
    for (index, layer) in step.activations.enumerated() {
      func square(_ x: Float) -> Double { Double(x) * Double(x) }
      contexts.add(layer.context, to: index, units: layer.context.shape[1], term: square)
      neurons.add(layer.neurons, to: index, units: layer.neurons.shape[1], term: square)
    }
    exampleCount += step.batch.labels.count
  }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    guard exampleCount > 0 else { throw .noCalibrationData(criterion: criterion) }
    return zip(model.layers, model.configuration.layers).enumerated().map { index, layer in
      let (layer, shape) = layer
      let (means, weight) =
        unit == .heads
        ? (contexts, layer.attention.output.weight) : (neurons, layer.feedForward.down.weight)
      let products = zip(means.means(index, units: weight.shape[1]), columnNorms(weight)).map {
        $0.squareRoot() * $1
      }
      guard unit == .heads else { return products.map { Float($0) } }
      return (0..<shape.headCount).map { head in
        Float(shape.contextColumns(ofHeads: [head]).reduce(0) { $0 + products[$1] })
      }
    }
  }

  private func columnNorms(_ matrix: Tensor) -> [Double] {
    var squares = Array(repeating: 0.0, count: matrix.shape[1])
    for row in 0..<matrix.shape[0] {
      for (column, weight) in matrix.row(row).enumerated() {
        squares[column] += Double(weight) * Double(weight)
      }
    }
    return squares.map { $0.squareRoot() }
  }
}
