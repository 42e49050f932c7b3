// Training steps by themselves, to be timed.

public import Encoders
public import Tensors
import Text

/// Repeats the trainer's own steps over a few examples.
public struct StepTimer {
  private var state: TrainingState
  private var gradients: DenseClassifier
  private let trainer: Trainer
  private let batches: [LabeledBatch]

  /// A timer of the steps of an epoch over `examples`, in batches as training makes them.
  public init(
    _ model: DenseClassifier, _ examples: [LabeledSequence], options: TrainingOptions,
    on device: Device
  ) throws(TrainingError) {
    trainer = try Trainer(options, on: device)
    let batching = Batching(
      batchSize: options.batchSize, bucketsByLength: options.bucketsByLength, seed: options.seed)
    batches = batching.batches(epoch: 0, lengths: examples.map(\.sequence.ids.count))
      .map { LabeledBatch($0.map { examples[$0] }) }
    gradients = model.zeros()
    state = TrainingState(model: model, options: options, examples: examples)
  }

  /// Every batch once: forward, loss, backward, clipping, AdamW.
  public mutating func epoch() throws(TrainingError) {
    for batch in batches {
      _ = try trainer.step(&state, &gradients, batch, CrossEntropy(), 1e-5)
    }
  }
}
