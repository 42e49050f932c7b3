// Importance by the Fisher information, with what units have in common.

import Encoders
import Tensors
import Training

/// What the loss rises by, to second order, when a unit is closed after all less important ones of
/// its layer: with the block of the Fisher information that belongs to the layer, not its diagonal
/// alone ("mask rearrangement", Kwon et al., 2022, arXiv:2204.09656, section 4.2, here as an order
/// of all units of a layer).
///
/// Of units S that are closed the rise is Σ F_ij / 2 over i and j in S. Each step closes the unit
/// that adds least; scores grow in that order.
struct FisherBlock: ImportanceCriterion {
  private var blocks: [PruningUnit: [LeastSquares]] = [:]
  private var exampleCount = 0

  var criterion: Criterion { .fisherBlock }
  var observes: Observations { .gateGradients }

  mutating func observe(_ step: CalibrationStep) {
    guard let gradients = step.gateGradients else { return }
    for unit in criterion.units {
      let rows = gradients.rows(of: unit)
      if blocks[unit] == nil {
        blocks[unit] = rows.map { LeastSquares(inputs: $0.shape[1], outputs: 0) }
      }
      for (row, tensor) in rows.enumerated() {
        blocks[unit]?[row].add(tensor, Tensor(zeros: tensor.shape[0], 0), on: step.device)
      }
    }
    exampleCount += step.batch.labels.count
  }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    guard exampleCount > 0 else { throw .noCalibrationData(criterion: criterion) }
    return blocks[unit, default: []].map { rises($0.gram) }
  }

  /// The rise at which each unit goes.
  private func rises(_ block: Tensor) -> [Float] {
    let count = block.shape[0]
    let scale = 1 / (2 * Double(exampleCount))
    // What closing a unit adds to the sum: its own square, and twice what it shares with those
    // closed.
    var added = (0..<count).map { Double(block[$0 * count + $0]) }
    var left = Set(0..<count)
    var scores = Array(repeating: Float(0), count: count)
    var highest = -Double.infinity
    while let next = left.min(by: { (added[$0], $0) < (added[$1], $1) }) {
      left.remove(next)
      highest = max(highest, added[next])
      scores[next] = Float(highest * scale)
      let shared = block.row(next)
      for other in left { added[other] += 2 * Double(shared[other]) }
    }
    return scores
  }
}
