// Importance by the diagonal of the Fisher information.

import Encoders

/// The mean over examples of (∂loss/∂gate)², half of which is what the mean loss rises by when the
/// unit is closed in a model that is at an optimum, to second order and one unit at a time (Kwon et
/// al., 2022, arXiv:2204.09656, eq. 6). As there, labels are those of the data.
struct Fisher: ImportanceCriterion {
  private var sums = GateSums()

  var criterion: Criterion { .fisher }
  var observes: Observations { .gateGradients }

  mutating func observe(_ step: CalibrationStep) { sums.add(step) { $0 * $0 } }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    try sums.means(of: unit, for: criterion).map { $0.map { Float($0) } }
  }
}
