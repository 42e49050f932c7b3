import Encoders
import Synchronization
import Tensors
import TestSupport
import Testing
import Text
import Training

@Suite struct TrainerTests {
  /// What an objective of these values and gradients would give, from some step on.
  private final class Saboteur: LogitObjective {
    private let calls = Mutex(0)
    private let value, gradient: Float

    init(value: Float, gradient: Float) { (self.value, self.gradient) = (value, gradient) }

    func callAsFunction(
      _ logits: Tensor, _ batch: LabeledBatch
    ) -> (value: Float, gradient: Tensor) {
      let call = calls.withLock {
        $0 += 1
        return $0
      }
      if call <= 3 { return CrossEntropy()(logits, batch) }
      return (value, Tensor(repeating: gradient, shape: logits.shape))
    }
  }

  @Test func lossGoesDownUntilTheProblemIsSolved() throws {
    var options = ToyProblem.options
    options.epochs = 25
    var losses: [Float] = []
    let data = try ToyProblem.data(training: 200, validation: 100)
    let model = try trained(options, on: data) { event in
      if case .step(_, _, _, let loss, _, _) = event { losses.append(loss) }
    }
    let (first, last) = (losses.prefix(25), losses.suffix(25))
    #expect(last.reduce(0, +) < 0.2 * first.reduce(0, +))
    let found = Predictions(of: model, on: data.validation, device: Device(threads: 2))
    #expect(found.accuracy > 0.95)
  }

  @Test func sameSeedGivesTheSameBytesForEveryNumberOfThreads() throws {
    let data = try ToyProblem.data()
    let expected = try trained(ToyProblem.options, on: data, threads: 1)
    for threads in [1, 2, 3] {
      #expect(try trained(ToyProblem.options, on: data, threads: threads) == expected)
    }
    var other = ToyProblem.options
    other.seed += 1
    #expect(try trained(other, on: data) != expected)
  }

  /// Cross-entropy that lets no row of the word embedding put its steps off.
  private struct Eager: Objective {
    func callAsFunction(
      _ model: DenseClassifier, _ batch: LabeledBatch, _ options: ForwardOptions,
      into gradients: inout DenseClassifier, on device: Device
    ) -> Float {
      CrossEntropy()(model, batch, options, into: &gradients, on: device)
    }
  }

  @Test func stepsOfRowsThatWerePutOffAreTakenInTheEnd() throws {
    let data = try ToyProblem.data(training: 12)
    var options = ToyProblem.options
    options.clipNorm = 0  // whose sum of squares would run in another order
    let lazy = try trained(options, on: data)
    #expect(try trained(options, on: data, objective: Eager()) == lazy)
  }

  @Test func narrowProductsTrainAboutAsWell() throws {
    var options = ToyProblem.options
    options.epochs = 25
    options.precision = .bf16
    let data = try ToyProblem.data(training: 200, validation: 100)
    let model = try trained(options, on: data)
    let found = Predictions(of: model, on: data.validation, device: Device(threads: 2))
    #expect(found.accuracy > 0.95)
    options.precision = .f32
    #expect(try trained(options, on: data) != model)
  }

  @Test func sameSeedGivesTheSameBytesInNarrowProductsToo() throws {
    var options = ToyProblem.options
    options.precision = .bf16
    let data = try ToyProblem.data()
    let expected = try trained(options, on: data, threads: 1)
    #expect(try trained(options, on: data, threads: 3) == expected)
  }

  @Test func eventsTellOfEveryStepAndEpoch() throws {
    var steps: [Int] = []
    var epochs: [[Int]] = []
    _ = try trained(ToyProblem.options, on: try ToyProblem.data()) { event in
      switch event {
      case .step(let step, let total, let epoch, let loss, _, let norm):
        #expect(total == 15 && epoch == (step - 1) / 5 && loss > 0 && norm > 0)
        steps.append(step)
      case .epoch(let epoch, let step, _, _, _): epochs.append([epoch, step])
      case .resumed: Issue.record("nothing was resumed")
      }
    }
    #expect(steps == Array(1...15) && epochs == [[1, 5], [2, 10], [3, 15]])
  }

  @Test func aLossThatIsNoNumberStopsTheRunWithItsStep() throws {
    #expect(throws: TrainingError.notFinite(step: 3, what: "the loss")) {
      try trained(
        ToyProblem.options, on: try ToyProblem.data(),
        objective: Saboteur(value: .nan, gradient: 0))
    }
  }

  @Test func aGradientThatIsNoNumberStopsTheRunWithItsStepAndTensor() throws {
    let expected = TrainingError.notFinite(step: 3, what: "the gradient of embeddings.word")
    #expect(throws: expected) {
      try trained(
        ToyProblem.options, on: try ToyProblem.data(),
        objective: Saboteur(value: 1, gradient: .infinity))
    }
  }

  @Test func noExamplesAreNoTraining() throws {
    let data = TrainingData(training: [], validation: try ToyProblem.examples(3, seed: 1))
    var model = ToyProblem.model()
    #expect(throws: TrainingError.noData(what: "training data")) {
      try Trainer(ToyProblem.options, on: Device(threads: 1)).train(
        &model, on: data, objective: CrossEntropy())
    }
    #expect(model == ToyProblem.model())
  }

  @Test func noEpochsChangeNothing() throws {
    var options = ToyProblem.options
    options.epochs = 0
    #expect(try trained(options, on: try ToyProblem.data()) == ToyProblem.model())
  }

  /// What an epoch's event said of the model.
  private struct Judgement: Equatable {
    let epoch: Int
    let accuracy, loss: Double
    let isBest: Bool
  }

  private func judged(
    _ options: TrainingOptions, on data: TrainingData
  ) throws -> (model: DenseClassifier, epochs: [Judgement]) {
    var epochs: [Judgement] = []
    let model = try trained(options, on: data) { event in
      if case .epoch(let epoch, _, let accuracy, let loss, let isBest) = event {
        epochs.append(Judgement(epoch: epoch, accuracy: accuracy, loss: loss, isBest: isBest))
      }
    }
    return (model, epochs)
  }

  @Test(arguments: [1, 2, 3])
  func earlyStoppingKeepsTheBestModel(patience: Int) throws {
    var options = ToyProblem.options
    options.epochs = 60
    options.patience = patience
    // Held-out labels that say the opposite: the better the training, the worse the model.
    let validation = try ToyProblem.examples(40, seed: 2).map {
      LabeledSequence($0.sequence, label: 1 - $0.label)
    }
    let data = TrainingData(training: try ToyProblem.examples(200, seed: 1), validation: validation)
    let (model, epochs) = try judged(options, on: data)
    let best = try #require(epochs.last { $0.isBest })
    #expect(epochs.count == best.epoch + patience && epochs.count < 60)
    #expect(epochs.allSatisfy { ($0.accuracy, -$0.loss) <= (best.accuracy, -best.loss) })
    let found = Predictions(of: model, on: validation, device: Device(threads: 2))
    #expect(found.accuracy == best.accuracy && found.loss == best.loss)
  }

  @Test func withoutPatienceAllEpochsRunAndTheBestIsKept() throws {
    var options = ToyProblem.options
    options.epochs = 8
    let data = try ToyProblem.data()
    let (model, epochs) = try judged(options, on: data)
    let best = try #require(epochs.last { $0.isBest })
    #expect(epochs.count == 8)
    let found = Predictions(of: model, on: data.validation, device: Device(threads: 2))
    #expect(found.accuracy == best.accuracy && found.loss == best.loss)
  }

  @Test func withoutValidationTheLastModelIsKeptAndPatienceHasNoEnd() throws {
    var options = ToyProblem.options
    options.epochs = 4
    let data = try ToyProblem.data(validation: 0)
    let expected = try trained(options, on: data)
    options.patience = 1
    let (model, epochs) = try judged(options, on: data)
    #expect(epochs.count == 4 && model == expected)
  }

  @Test func epochsMaySeeOtherSequences() throws {
    let asked = Mutex<Set<Int>>([])
    let examples = try (0..<3).map { try ToyProblem.examples(20, seed: UInt64($0)) }
    let data = TrainingData(validation: []) { epoch in
      asked.withLock { _ = $0.insert(epoch) }
      return examples[epoch]
    }
    let model = try trained(ToyProblem.options, on: data)
    #expect(asked.withLock { $0 } == [0, 1, 2])
    let same = TrainingData(training: examples[0], validation: [])
    #expect(try trained(ToyProblem.options, on: same) != model)
  }

  @Test func errorsOfTheDataArePassedOnAndLeaveTheModel() throws {
    struct Unreadable: Error {}
    let examples = try ToyProblem.examples(20, seed: 1)
    for failing in [0, 1] {
      let data = TrainingData(validation: []) { epoch in
        if epoch == failing { throw Unreadable() }
        return examples
      }
      var model = ToyProblem.model()
      #expect(throws: Unreadable.self) {
        try Trainer(ToyProblem.options, on: Device(threads: 1)).train(
          &model, on: data, objective: CrossEntropy())
      }
      #expect((model == ToyProblem.model()) == (failing == 0))
    }
  }
}
