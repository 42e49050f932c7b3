// Importance by chance.

import Encoders
import Tensors

/// Uniform random scores: the floor that every criterion has to beat.
struct RandomImportance: ImportanceCriterion {
  let seed: UInt64

  var criterion: Criterion { .random }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    var stream = RandomStream(seed, 0x5c02e)
    return unit.counts(in: model.configuration).map { count in
      (0..<count).map { _ in Float(stream.uniform()) }
    }
  }
}
