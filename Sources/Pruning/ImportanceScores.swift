// How much each unit of a model matters, as one criterion sees it.

public import Encoders

/// A score for each unit: higher matters more. A value of its own: it can be saved, looked at,
/// edited and fed to a planner.
public struct ImportanceScores: Codable, Equatable, Sendable {
  /// What was scored.
  public var unit: PruningUnit
  /// How.
  public var criterion: Criterion
  /// The scores, in the rows of ``PruningUnit/counts(in:)``: layer by layer, or all in one.
  public var values: [[Float]]

  /// Scores.
  public init(unit: PruningUnit, criterion: Criterion, values: [[Float]]) {
    self.unit = unit
    self.criterion = criterion
    self.values = values
  }

  /// Throws unless there is one finite score for every unit of a model of these sizes.
  public func validate(for configuration: EncoderConfiguration) throws(PruningError) {
    let expected = unit.counts(in: configuration)
    let found = values.map(\.count)
    guard expected == found else {
      throw .otherModel(expected: "\(unit.rawValue) \(expected)", found: "scores of \(found)")
    }
    for (row, values) in values.enumerated() {
      for (index, value) in values.enumerated() where !value.isFinite {
        throw .invalidScore(unit: unit, row: row, index: index)
      }
    }
  }
}
