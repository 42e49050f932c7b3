// Importance by leaving one out.

import Encoders
import Training

extension Gates {
  /// Closes one unit.
  mutating func close(_ unit: PruningUnit, row: Int, index: Int) {
    switch unit {
    case .layers: layers[row].layer = 0
    case .heads: layers[row].heads[index] = 0
    case .neurons: layers[row].neurons[index] = 0
    case .channels: channels[index] = 0
    case .tokens: preconditionFailure("tokens have no gates")
    }
  }
}

/// The rise of the mean loss when a unit's gate is closed and all others stay open: what every
/// cheaper criterion estimates. Costs a forward pass for each unit.
struct Ablation: ImportanceCriterion {
  /// What is closed, one after the other.
  let units: [PruningUnit]
  private var sums: [PruningUnit: [[Double]]] = [:]
  private var exampleCount = 0

  init(units: [PruningUnit]) { self.units = units }

  var criterion: Criterion { .ablation }
  var observes: Observations { .loss }

  mutating func observe(_ step: CalibrationStep) {
    let configuration = step.model.configuration
    let count = step.batch.labels.count
    for unit in units where unit.hasGates {
      let counts = unit.counts(in: configuration)
      var rows = sums[unit] ?? counts.map { Array(repeating: 0, count: $0) }
      for row in rows.indices {
        for index in rows[row].indices {
          var gates = Gates(open: configuration)
          gates.close(unit, row: row, index: index)
          let trace = step.model.forward(
            step.batch.tokens, options: ForwardOptions(gates: gates), on: step.device)
          let (loss, _) = step.objective(trace.logits, step.batch)
          rows[row][index] += (Double(loss) - Double(step.loss)) * Double(count)
        }
      }
      sums[unit] = rows
    }
    exampleCount += count
  }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    guard exampleCount > 0 else { throw .noCalibrationData(criterion: criterion) }
    precondition(units.contains(unit), "ablation was made for \(units), not \(unit)")
    return sums[unit, default: []].map { $0.map { Float($0 / Double(exampleCount)) } }
  }
}
