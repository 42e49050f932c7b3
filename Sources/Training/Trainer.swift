// The one loop over batches.

public import Encoders
public import Foundation
public import Tensors
import Text

/// What training is made of: the examples of each epoch, and those that tell which model is best.
public struct TrainingData: Sendable {
  /// The training examples; an epoch may see them tokenized in its own way.
  public var training: @Sendable (_ epoch: Int) throws -> [LabeledSequence]
  /// Held-out examples; without them the last model is kept.
  public var validation: [LabeledSequence]

  /// The same examples in every epoch.
  public init(training: [LabeledSequence], validation: [LabeledSequence]) {
    self.training = { _ in training }
    self.validation = validation
  }

  /// Examples that differ from epoch to epoch; their number must not.
  public init(
    validation: [LabeledSequence],
    training: @escaping @Sendable (_ epoch: Int) throws -> [LabeledSequence]
  ) {
    self.training = training
    self.validation = validation
  }
}

/// What a training run tells while it goes on.
public enum TrainingEvent: Sendable {
  /// A saved state was taken up; the next step is `step` + 1.
  case resumed(step: Int)
  /// A step was taken. `step` counts from 1.
  case step(Int, of: Int, epoch: Int, loss: Float, learningRate: Float, gradientNorm: Float)
  /// An epoch ended; `isBest` when no model before was as good on the validation examples.
  case epoch(Int, step: Int, accuracy: Double, loss: Double, isBest: Bool)
}

/// Trains a classifier. There is no other loop over training batches in the package.
public struct Trainer: Sendable {
  private let options: TrainingOptions
  private let device: Device
  private let stepDevice: Device

  /// A trainer; throws for options that cannot be meant.
  public init(_ options: TrainingOptions, on device: Device) throws(TrainingError) {
    try options.validate()
    self.options = options
    self.device = device
    stepDevice = device.computing(options.precision)
  }

  /// Trains `model` and leaves in it the one that was best on the validation examples.
  ///
  /// With `saving`, the state is saved there now and then, and `resume` goes on from it: the result
  /// has the same bytes as that of a run that was never stopped. When `shouldStop` answers true the
  /// state is saved and `interrupted` is thrown. The same seed gives the same bytes, whatever the
  /// number of threads.
  public func train(
    _ model: inout DenseClassifier, on data: TrainingData, objective: some Objective,
    saving: URL? = nil, resume: Bool = false, shouldStop: () -> Bool = { false },
    observe: (TrainingEvent) -> Void = { _ in }
  ) throws {
    var nothing = Untransformed()
    try train(
      &model, on: data, objective: objective, transform: &nothing, saving: saving, resume: resume,
      shouldStop: shouldStop, observe: observe)
  }

  /// The same with a transform, which ends in the state that the last step left it in.
  ///
  /// `steps` are those of the run to take, all unless given. A run that begins later sees the
  /// batches, dropout and learning rates of its steps, with an optimizer that remembers nothing;
  /// one that ends earlier leaves the last model in place of the best.
  public func train<Transform: StepTransform>(
    _ model: inout DenseClassifier, on data: TrainingData, objective: some Objective,
    transform: inout Transform, steps: Range<Int>? = nil, saving: URL? = nil,
    resume: Bool = false, shouldStop: () -> Bool = { false },
    observe: (TrainingEvent) -> Void = { _ in }
  ) throws {
    let batching = Batching(options)
    var examples = try data.training(0)
    guard !examples.isEmpty else { throw TrainingError.noData(what: "training data") }
    let exampleCount = examples.count
    let stepsPerEpoch = batching.stepCount(exampleCount)
    let total = stepsPerEpoch * options.epochs
    if let steps, steps.upperBound > total {
      throw TrainingError.invalidOption(
        name: "steps", expected: "steps of 0 to \(total)", found: "\(steps)")
    }
    let end = steps?.upperBound ?? total
    var state = TrainingState(
      model: consume model, options: options, examples: examples, transform: transform,
      steps: steps)
    defer {
      state.settle(on: device)
      model = state.model
      state.copyTransform(to: &transform)
    }
    if resume, let saving, try state.load(from: saving) { observe(.resumed(step: state.step)) }
    var gradients = state.model.zeros()
    let clock = ContinuousClock()
    var lastSaved = clock.now
    var pause = Duration.seconds(options.saveInterval)

    func save() throws {
      let start = clock.now
      state.settle(on: device)
      if let saving { try state.save(to: saving) }
      lastSaved = clock.now
      // A slow disk must not take more than a twentieth of the time.
      pause = max(.seconds(options.saveInterval), start.duration(to: lastSaved) * 20)
    }

    while state.step < end && !state.isFinished {
      examples = try data.training(state.epoch)
      precondition(examples.count == exampleCount, "an epoch of another size")
      let batches = batching.batches(
        epoch: state.epoch, lengths: examples.map(\.sequence.ids.count))
      while state.stepInEpoch < batches.count && state.step < end {
        let batch = LabeledBatch(batches[state.stepInEpoch].map { examples[$0] })
        let rate = options.learningRate(at: state.step, of: total)
        let (loss, norm) = try step(&state, &gradients, batch, objective, rate, of: total)
        observe(
          .step(
            state.step, of: total, epoch: state.epoch, loss: loss, learningRate: rate,
            gradientNorm: norm))
        if shouldStop() {
          try save()
          throw TrainingError.interrupted(step: state.step)
        }
        if saving != nil && lastSaved.duration(to: clock.now) > pause {
          try save()
        }
      }
      state.settle(on: device)
      if state.stepInEpoch == batches.count {
        observe(
          state.endEpoch(
            validation: data.validation, patience: options.patience, of: total, on: device))
      }
      try save()
    }
    if end == total { state.keepBest() }
  }

  /// One step: forward, loss, backward, update.
  func step(
    _ state: inout TrainingState, _ gradients: inout DenseClassifier, _ batch: LabeledBatch,
    _ objective: some Objective, _ rate: Float, of total: Int = 0
  ) throws(TrainingError) -> (loss: Float, norm: Float) {
    var stream = RandomStream(options.seed, 0xd409, UInt64(state.step))
    let dropout = DropoutOptions(
      hidden: options.dropout, attention: options.attentionDropout, key: stream.next())
    let rows = objective.readsOnlyTokensOfBatch ? Set(batch.tokens.ids).sorted() : nil
    state.optimizer.catchUp(&state.model, rows: rows, on: device)
    let loss = objective(
      state.model, batch, ForwardOptions(dropout: dropout), into: &gradients, on: stepDevice)
    guard loss.isFinite else { throw .notFinite(step: state.step, what: "the loss") }
    state.transform(
      TrainingStep(index: state.step, total: total, learningRate: rate, device: device),
      &state.model, &gradients, &state.optimizer)
    let norm = try state.optimizer.step(
      &state.model, &gradients, learningRate: rate, rows: rows, on: device)
    state.step += 1
    state.stepInEpoch += 1
    return (loss, norm)
  }
}
