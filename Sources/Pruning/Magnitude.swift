// Importance by the size of weights.

import Encoders
import Tensors

/// The Euclidean norm of all weights of a head: its rows of queries, keys and values, and its columns
/// of the output (for single weights: Han et al., 2015, arXiv:1506.02626). Needs no data.
struct Magnitude: ImportanceCriterion {
  func scores(of model: DenseClassifier) throws(PruningError) -> ImportanceScores {
    let values = zip(model.layers, model.configuration.layers).map { layer, shape in
      (0..<shape.headCount).map { head in
        let rows = shape.projectionRows(ofHeads: [head])
        let weights =
          layer.attention.queryKeyValue.weight.rows(at: rows).elements
          + layer.attention.output.weight.columns(at: shape.contextColumns(ofHeads: [head]))
          .elements
        return Float(weights.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
      }
    }
    return ImportanceScores(unit: .heads, criterion: .magnitude, values: values)
  }
}
