// Importance by layer-wise relevance propagation.

import Encoders
import Tensors
import Text
import Training

/// The mean over examples of a unit's share in its layer's relevance for the right label's logit
/// (for heads: Voita et al., 2019, arXiv:1905.09418, section 4; rules as in
/// ``Encoders/Relevance``).
///
/// A unit's relevance is the sum over its activations; shares are of absolute values, since units
/// that work against each other can add up to nothing. What a layer's units have together says
/// little: the last layer has only first tokens.
struct RelevanceImportance: ImportanceCriterion {
  private var sums: [PruningUnit: [[Double]]] = [:]
  private var exampleCount = 0

  var criterion: Criterion { .relevance }
  var observes: Observations { .loss }

  mutating func observe(_ step: CalibrationStep) {
    let relevance = step.model.relevance(
      ofLabels: step.batch.labels, step.batch.tokens, on: step.device)
    for unit in [PruningUnit.heads, .neurons] {
      let counts = unit.counts(in: step.model.configuration)
      var rows = sums[unit] ?? counts.map { Array(repeating: 0, count: $0) }
      for (index, layer) in relevance.layers.enumerated() {
        let part = unit == .heads ? layer.context : layer.neurons
        add(part, step.batch.tokens.lengths, units: counts[index], to: &rows[index])
      }
      sums[unit] = rows
    }
    exampleCount += step.batch.labels.count
  }

  /// Adds each example's |Σ| over its tokens and a unit's columns, as a share of all units'.
  private func add(
    _ relevance: Tensor, _ lengths: [Int], units: Int, to sums: inout [Double]
  ) {
    let elements = relevance.elements
    let width = relevance.shape[1] / max(1, units)
    let isFirstOnly = relevance.shape[0] != lengths.reduce(0, +)
    var token = 0
    for length in lengths {
      let end = token + (isFirstOnly ? 1 : length)
      let own = (0..<units).map { unit in
        var sum = 0.0
        for row in token..<end {
          let start = (row * units + unit) * width
          for index in start..<start + width { sum += Double(elements[index]) }
        }
        return abs(sum)
      }
      let total = own.reduce(0, +)
      if total > 0 { for unit in 0..<units { sums[unit] += own[unit] / total } }
      token = end
    }
  }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    guard exampleCount > 0 else { throw .noCalibrationData(criterion: criterion) }
    return sums[unit, default: []].map { $0.map { Float($0 / Double(exampleCount)) } }
  }
}
