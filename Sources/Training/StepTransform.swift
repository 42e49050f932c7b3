// What is done to a step beside the optimizer's work: sparse training and its like.

public import Encoders
public import Tensors

/// Where a run stands as it takes a step.
public struct TrainingStep: Sendable {
  /// The step, from 0, and how many the whole run has.
  public let index, total: Int
  /// What the optimizer will move by.
  public let learningRate: Float
  /// Where to compute.
  public let device: Device

  /// A step.
  public init(index: Int, total: Int, learningRate: Float, device: Device) {
    (self.index, self.total) = (index, total)
    (self.learningRate, self.device) = (learningRate, device)
  }
}

/// Changes a step between its gradients and the optimizer's move: masks are the usual kind.
///
/// It is a value that is saved and resumed with its run, so what it does must follow from its
/// settings, its ``state`` and the step alone.
public protocol StepTransform: Sendable {
  /// Its kind with all its settings: a run is resumed only by an equal one, from an equal first
  /// state.
  var identity: String { get }

  /// What it remembers from step to step. Names and shapes are the same throughout a run.
  var state: [String: Tensor] { get set }

  /// Looks at the whole batch's gradients, and may change them, the model and the optimizer's
  /// moments. Gradients are not clipped yet. Leave the word embedding alone: of it only rows that
  /// the batch reads are up to date.
  mutating func callAsFunction(
    _ step: TrainingStep, _ model: inout DenseClassifier, _ gradients: inout DenseClassifier,
    _ optimizer: inout AdamW)

  /// Whether the model after `count` of `total` steps is of the kind that the run is to end with,
  /// and so may be kept as the best. `true` unless a transform says otherwise; after the last step
  /// it must be.
  func isSettled(after count: Int, of total: Int) -> Bool
}

extension StepTransform {
  public func isSettled(after count: Int, of total: Int) -> Bool { true }
}

/// Leaves every step as it is.
public struct Untransformed: StepTransform {
  /// The transform that does nothing.
  public init() {}

  public var identity: String { "none" }

  public var state: [String: Tensor] {
    get { [:] }
    set { precondition(newValue.isEmpty, "nothing is remembered, not \(newValue.keys.sorted())") }
  }

  public mutating func callAsFunction(
    _ step: TrainingStep, _ model: inout DenseClassifier, _ gradients: inout DenseClassifier,
    _ optimizer: inout AdamW
  ) {}
}
