// Importance by chance.

import Encoders
import Tensors

/// Uniform random scores: the floor that every criterion has to beat.
struct RandomImportance: ImportanceCriterion {
  let seed: UInt64

  func scores(of model: DenseClassifier) throws(PruningError) -> ImportanceScores {
    var stream = RandomStream(seed, 0x5c02e)
    let values = model.configuration.layers.map { layer in
      (0..<layer.headCount).map { _ in Float(stream.uniform()) }
    }
    return ImportanceScores(unit: .heads, criterion: .random, values: values)
  }
}
