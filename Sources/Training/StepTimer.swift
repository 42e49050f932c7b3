// Training steps by themselves, to be timed.

public import Encoders
public import Tensors
import Text

/// Repeats the trainer's own epochs over a few examples.
public struct StepTimer {
  private var state: TrainingState
  private var gradients: DenseClassifier
  private let trainer: Trainer
  private let batches: [LabeledBatch]
  private var next = 0
  private let device: Device

  /// A timer of epochs over `examples`, in batches as training makes them.
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
    self.device = device
  }

  /// The next batch, over and over: forward, loss, backward, clipping, AdamW. After the last one,
  /// embeddings that put their updates off take them, as when an epoch ends.
  public mutating func step() throws(TrainingError) {
    _ = try trainer.step(&state, &gradients, batches[next], CrossEntropy(), 1e-5)
    next += 1
    guard next == batches.count else { return }
    next = 0
    state.settle(on: device)
  }

  /// As many steps as there are batches.
  public mutating func epoch() throws(TrainingError) {
    for _ in batches { try step() }
  }
}
