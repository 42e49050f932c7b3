// Importance by the first-order change of the loss.

import Encoders

/// |mean over examples of ∂loss/∂gate|: what the mean loss changes by when the unit is closed, to first order
/// (Molchanov et al., 2019, arXiv:1906.10771, eq. 8, with a gate on the unit as in their section
/// 3.2).
///
/// Gains of some examples cancel losses of others, as they do in the mean loss itself.
struct Taylor: ImportanceCriterion {
  private var sums = GateSums()

  var criterion: Criterion { .taylor }
  var observes: Observations { .gateGradients }

  mutating func observe(_ step: CalibrationStep) { sums.add(step) { $0 } }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    try sums.means(of: unit, for: criterion).map { $0.map { Float(abs($0)) } }
  }
}
