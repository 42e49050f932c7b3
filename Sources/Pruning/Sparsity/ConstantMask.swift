// Training what is left of a sparse model.

public import Encoders
public import Tensors
public import Training

/// Keeps zero what a mask takes, from the first step to the last: fine-tuning after weights were
/// cut.
public struct ConstantMask: StepTransform {
  private var masking: Masking
  private var isApplied = false

  /// Holds a mask. Weights that it takes are set to zero at the first step; they are best zero
  /// before, so that the step's loss is the sparse model's.
  public init(_ mask: WeightMask) { masking = Masking(mask) }

  /// Holds the zeros of a model that is sparse already; `nil` for one that is not.
  public init?(zerosOf model: DenseClassifier) {
    guard let mask = WeightMask(zerosOf: model) else { return nil }
    self.init(mask)
  }

  /// What is held.
  public var mask: WeightMask { masking.mask }

  public var identity: String { "constant mask, \(mask.pattern)" }

  public var state: [String: Tensor] {
    get { masking.state }
    set { masking.state = newValue }
  }

  public mutating func callAsFunction(
    _ step: TrainingStep, _ model: inout DenseClassifier, _ gradients: inout DenseClassifier,
    _ optimizer: inout AdamW
  ) {
    if !isApplied { masking.apply(to: &model, on: step.device) }
    isApplied = true
    masking.apply(to: &gradients, on: step.device)
  }
}
