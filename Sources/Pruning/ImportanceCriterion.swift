// What a criterion is.

public import Encoders
public import Tensors
public import Training

/// A way to tell how much a unit matters. What it says does not depend on batch size or data order.
public protocol ImportanceCriterion: Sendable {
  /// Its name.
  var criterion: Criterion { get }
  /// What it wants to see of the data.
  var observes: Observations { get }
  /// Takes note of a batch.
  mutating func observe(_ step: CalibrationStep)
  /// A value for each unit, in the rows of ``PruningUnit/counts(in:)``, from what was observed;
  /// asked only for units that ``Criterion/units`` names.
  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]]
}

extension ImportanceCriterion {
  public var observes: Observations { [] }
  public mutating func observe(_ step: CalibrationStep) {}

  /// A score for each unit of the model.
  public func scores(
    of model: DenseClassifier, per unit: PruningUnit
  ) throws(PruningError) -> ImportanceScores {
    guard criterion.units.contains(unit) else {
      throw .notScorable(unit: unit, criterion: criterion)
    }
    let values = try values(of: model, per: unit)
    return ImportanceScores(unit: unit, criterion: criterion, values: values)
  }
}

/// What a criterion wants to see of calibration data.
public struct Observations: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Batches and their loss.
  public static let loss = Observations(rawValue: 1)
  /// What each layer computed.
  public static let activations = Observations(rawValue: 2)
  /// Gradients of gates as well.
  public static let gateGradients = Observations(rawValue: 4)
}

/// One batch as it went through the model, gates open.
public struct CalibrationStep: Sendable {
  /// The model.
  public let model: DenseClassifier
  /// The batch.
  public let batch: LabeledBatch
  /// What the loss is measured with.
  public let objective: CrossEntropy
  /// The batch's mean loss.
  public let loss: Float
  /// What each layer computed; empty where no criterion asked for it.
  public let activations: [LayerActivations]
  /// The gradient of each example's own loss by each gate; `nil` where no criterion asked for it.
  public let gateGradients: GateGradients?
  /// Where it runs.
  public let device: Device
}
