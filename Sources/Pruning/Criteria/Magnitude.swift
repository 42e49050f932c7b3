// Importance by the size of weights.

import Encoders
import Tensors

/// The norm of all weights that leave with a unit (for single weights: Han et al., 2015,
/// arXiv:1506.02626). Needs no data.
struct Magnitude: ImportanceCriterion {
  enum Norm {
    /// √Σ w².
    case euclidean
    /// Σ |w|.
    case absolute
  }

  let norm: Norm

  var criterion: Criterion { norm == .euclidean ? .magnitude : .magnitudeL1 }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    switch unit {
    case .layers: model.layers.map { [total($0.matrices.flatMap(rowSums))] }
    case .heads:
      zip(model.layers, model.configuration.layers).map { layer, shape in
        let inward = rowSums(layer.attention.queryKeyValue.weight)
        let outward = columnSums(layer.attention.output.weight)
        return (0..<shape.headCount).map { head in
          total(
            shape.projectionRows(ofHeads: [head]).map { inward[$0] }
              + shape.contextColumns(ofHeads: [head]).map { outward[$0] })
        }
      }
    case .neurons:
      model.layers.map { layer in
        let inward = rowSums(layer.feedForward.up.weight)
        return zip(inward, columnSums(layer.feedForward.down.weight)).map { total([$0, $1]) }
      }
    case .channels: [channels(of: model)]
    case .tokens: [rowSums(model.embeddings.word).map { total([$0]) }]
    }
  }

  /// Embeddings read a channel from a column, matrices write it as a row or read it from a column.
  private func channels(of model: DenseClassifier) -> [Float] {
    var read = [model.embeddings.word, model.embeddings.position, model.pooler.weight]
    var written: [Tensor] = []
    for layer in model.layers {
      read += [layer.attention.queryKeyValue.weight, layer.feedForward.up.weight]
      written += [layer.attention.output.weight, layer.feedForward.down.weight]
    }
    var sums = Array(repeating: 0.0, count: model.configuration.hiddenSize)
    for part in read.map(columnSums) + written.map(rowSums) {
      for (channel, sum) in part.enumerated() { sums[channel] += sum }
    }
    return sums.map { total([$0]) }
  }

  private func term(_ weight: Float) -> Double {
    norm == .euclidean ? Double(weight) * Double(weight) : Double(abs(weight))
  }

  private func total(_ sums: [Double]) -> Float {
    let sum = sums.reduce(0, +)
    return Float(norm == .euclidean ? sum.squareRoot() : sum)
  }

  private func rowSums(_ matrix: Tensor) -> [Double] {
    (0..<matrix.shape[0]).map { matrix.row($0).reduce(0) { $0 + term($1) } }
  }

  private func columnSums(_ matrix: Tensor) -> [Double] {
    var sums = Array(repeating: 0.0, count: matrix.shape[1])
    for row in 0..<matrix.shape[0] {
      for (column, weight) in matrix.row(row).enumerated() { sums[column] += term(weight) }
    }
    return sums
  }
}

extension EncoderLayer where P == Linear {
  fileprivate var matrices: [Tensor] {
    [
      attention.queryKeyValue.weight, attention.output.weight, feedForward.up.weight,
      feedForward.down.weight,
    ]
  }
}
