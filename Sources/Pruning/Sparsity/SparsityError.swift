// What can be wrong with masks and what they are made from.

/// Why weights cannot be made sparse as asked.
public enum SparsityError: Error, Equatable, CustomStringConvertible {
  /// A pattern that cannot be read.
  case invalidPattern(found: String)
  /// An option outside its range, or that does not go with another.
  case invalidOption(name: String, expected: String, found: String)
  /// A mask made for a model of other sizes.
  case otherModel(matrix: String, expected: String, found: String)
  /// Scores, or what they are made of, are NaN or infinite.
  case notFinite(matrix: String)
  /// A criterion that learns from data was given none.
  case noCalibrationData(criterion: WeightCriterion)

  public var description: String {
    switch self {
    case .invalidPattern(let found):
      "pattern of zeros: expected weights, blocks such as 4x1 (outputs x inputs) or N:M such as 2:4, "
        + "found \(found)"
    case .invalidOption(let name, let expected, let found):
      "\(name): expected \(expected), found \(found)"
    case .otherModel(let matrix, let expected, let found):
      "\(matrix): the mask is for another model: expected \(expected), found \(found); make one for "
        + "this model"
    case .notFinite(let matrix):
      "\(matrix): its scores are not finite numbers: its weights are damaged, or the data drives them "
        + "out of range; copy or train the model again"
    case .noCalibrationData(let criterion):
      "\(criterion.rawValue) learns from examples, and there are none; give a file with --data"
    }
  }
}
