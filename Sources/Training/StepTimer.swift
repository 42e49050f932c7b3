// A training step by itself, to be timed.

public import Encoders
public import Tensors

/// Repeats the trainer's own step on one batch.
public struct StepTimer {
  private var state: TrainingState
  private var gradients: DenseClassifier
  private let trainer: Trainer
  private let batch: LabeledBatch

  /// A timer of steps of a model on one batch.
  public init(
    _ model: DenseClassifier, _ sequences: [LabeledSequence], dropout: Float, on device: Device
  ) {
    var options = TrainingOptions()
    options.dropout = dropout
    options.attentionDropout = dropout
    trainer = Trainer(unchecked: options, on: device)
    batch = LabeledBatch(sequences)
    gradients = model.zeros()
    state = TrainingState(model: model, options: options, examples: sequences)
  }

  /// Forward, loss, backward, clipping, AdamW.
  public mutating func step() throws(TrainingError) {
    _ = try trainer.step(&state, &gradients, batch, CrossEntropy(), 1e-4)
  }
}
