// How much each unit of a model matters, as one criterion sees it.

public import Encoders

/// A kind of thing that can be cut out.
public enum PruningUnit: String, Codable, CaseIterable, Sendable {
  /// Attention heads.
  case heads
}

/// A score for each unit: higher matters more. A value of its own: it can be saved, looked at, edited
/// and fed to a planner.
public struct ImportanceScores: Codable, Equatable, Sendable {
  /// What was scored.
  public var unit: PruningUnit
  /// How.
  public var criterion: Criterion
  /// The scores, layer by layer.
  public var values: [[Float]]

  /// Scores.
  public init(unit: PruningUnit, criterion: Criterion, values: [[Float]]) {
    self.unit = unit
    self.criterion = criterion
    self.values = values
  }

  /// Throws unless there is one finite score for every unit of a model of these sizes.
  public func validate(for configuration: EncoderConfiguration) throws(PruningError) {
    let expected = configuration.layers.map(\.headCount)
    let found = values.map(\.count)
    guard expected == found else {
      throw .otherModel(expected: "heads \(expected)", found: "scores of \(found)")
    }
    for (layer, row) in values.enumerated() {
      for (unit, value) in row.enumerated() where !value.isFinite {
        throw .invalidScore(layer: layer, unit: unit)
      }
    }
  }
}
