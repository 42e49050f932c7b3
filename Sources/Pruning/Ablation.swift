// Importance by leaving one out.

import Encoders
import Tensors
import Training

/// The rise of the mean loss when a head's gate is closed and all others stay open: what every
/// cheaper criterion estimates. Costs a forward pass for each head.
struct Ablation: ImportanceCriterion {
  private var sums: [[Double]] = []
  private var exampleCount = 0

  var observes: Observations { .loss }

  mutating func observe(_ step: CalibrationStep) {
    let shapes = step.model.configuration.layers
    if sums.isEmpty { sums = shapes.map { Array(repeating: 0, count: $0.headCount) } }
    let count = step.batch.labels.count
    for (layer, shape) in shapes.enumerated() {
      for head in 0..<shape.headCount {
        var gates = Gates(open: step.model.configuration)
        gates.heads[layer][head] = 0
        let trace = step.model.forward(
          step.batch.tokens, options: ForwardOptions(gates: gates), on: step.device)
        let (loss, _) = step.objective(trace.logits, step.batch)
        sums[layer][head] += (Double(loss) - Double(step.loss)) * Double(count)
      }
    }
    exampleCount += count
  }

  func scores(of model: DenseClassifier) throws(PruningError) -> ImportanceScores {
    guard exampleCount > 0 else {
      throw .noCalibrationData(criterion: Criterion.ablation.rawValue)
    }
    return ImportanceScores(
      unit: .heads, criterion: .ablation,
      values: sums.map { $0.map { Float($0 / Double(exampleCount)) } })
  }
}
