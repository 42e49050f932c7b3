// Importance by how sharply a head looks.

import Encoders
import Foundation
import Tensors
import Text
import Training

/// The mean over queries of a head's largest probability (its confidence: Voita et al., 2019,
/// arXiv:1905.09418, section 4), or of Σ p log p, its negative entropy (Clark et al., 2019,
/// arXiv:1906.04341, section 3.3).
///
/// Unlike there, special tokens count like any other. The last layer has one query a sequence, the
/// first token, so that its heads are judged by these alone; a model's heads of other layers by all
/// tokens.
struct AttentionFocus: ImportanceCriterion {
  enum Measure {
    case confidence
    case negativeEntropy

    func callAsFunction(_ probabilities: ArraySlice<Float>) -> Double {
      switch self {
      case .confidence: Double(probabilities.max() ?? 0)
      case .negativeEntropy:
        probabilities.reduce(0) { $0 + ($1 > 0 ? Double($1) * log(Double($1)) : 0) }
      }
    }
  }

  let measure: Measure
  private var sums: [[Double]] = []
  private var queryCounts: [Int] = []

  init(_ measure: Measure) { self.measure = measure }

  var criterion: Criterion {
    measure == .confidence ? .attentionConfidence : .attentionEntropy
  }
  var observes: Observations { .activations }

  private var hasSeenExamples = false

  mutating func observe(_ step: CalibrationStep) {
    let tokens = step.batch.tokens
    for (index, layer) in step.activations.enumerated() {
      let heads = step.model.configuration.layers[index].headCount
      if index == sums.count {
        sums.append(Array(repeating: 0, count: heads))
        queryCounts.append(0)
      }
      let isFirstOnly = layer.context.shape[0] != tokens.tokenCount
      let probabilities = layer.probabilities.elements
      var start = 0
      for length in tokens.lengths {
        let queries = isFirstOnly ? 1 : length
        for head in 0..<heads {
          for _ in 0..<queries {
            sums[index][head] += measure(probabilities[start..<start + length])
            start += length
          }
        }
        queryCounts[index] += queries
      }
    }
    hasSeenExamples = hasSeenExamples || !step.batch.labels.isEmpty
  }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    guard hasSeenExamples else { throw .noCalibrationData(criterion: criterion) }
    return zip(sums, queryCounts).map { sums, count in sums.map { Float($0 / Double(count)) } }
  }
}
