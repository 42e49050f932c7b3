// What can be wrong with scores, plans and budgets.

/// Why a model cannot be scored or cut as asked.
public enum PruningError: Error, Equatable, CustomStringConvertible {
  /// Scores or a plan that were made for a model of other sizes.
  case otherModel(expected: String, found: String)
  /// A plan that names a unit that is not there, or one twice, or leaves too few.
  case invalidPlan(reason: String)
  /// A budget that cannot be met.
  case invalidBudget(expected: String, found: String)
  /// A score that is NaN or infinite.
  case invalidScore(unit: PruningUnit, row: Int, index: Int)
  /// A criterion that learns from data was given none.
  case noCalibrationData(criterion: Criterion)
  /// Reconstruction was given no examples.
  case noReconstructionData
  /// A criterion that has nothing to say of such units.
  case notScorable(unit: PruningUnit, criterion: Criterion)
  /// The model answers NaN or infinity before anything is cut.
  case notFinite
  /// The cut model does not answer as the gated one did.
  case lawBroken(difference: Float, limit: Float)

  public var description: String {
    switch self {
    case .otherModel(let expected, let found):
      "made for another model: expected \(expected), found \(found); score this model anew"
    case .invalidPlan(let reason): "plan: \(reason)"
    case .invalidBudget(let expected, let found):
      "units to cut: expected \(expected), found \(found)"
    case .invalidScore(let unit, let row, let index):
      "scores, \(unit.rawValue), row \(row), place \(index): not a finite number; score the model anew"
    case .noCalibrationData(let criterion):
      "\(criterion.rawValue) learns from examples, and there are none; give a file with --data"
    case .noReconstructionData:
      "reconstruction fits weights to examples, and there are none; give a file with --data"
    case .notScorable(let unit, let criterion):
      "\(criterion.rawValue) cannot score \(unit.rawValue); expected one of "
        + Criterion.allCases.filter { $0.units.contains(unit) }.map(\.rawValue).joined(
          separator: ", ")
    case .notFinite:
      "the model's logits are not finite numbers: its weights are damaged; copy or train it again"
    case .lawBroken(let difference, let limit):
      "the cut model's logits differ by \(difference) from those with closed gates, more than "
        + "\(limit); nothing was written; please report this"
    }
  }
}
