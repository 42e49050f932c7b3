// Importance by the gradient of gates.

import Encoders

/// The mean over examples of |∂loss/∂gate| (Michel, Levy & Neubig, 2019, arXiv:1905.10650, eq. 5).
///
/// The absolute value is taken of each example's own gradient, so that neither batch size nor order
/// matters. Unlike the paper's code, layers are not normalized.
struct GateGradient: ImportanceCriterion {
  private var sums = GateSums()

  var criterion: Criterion { .gateGradient }
  var observes: Observations { .gateGradients }

  mutating func observe(_ step: CalibrationStep) { sums.add(step) { abs($0) } }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    try sums.means(of: unit, for: criterion).map { $0.map { Float($0) } }
  }
}
