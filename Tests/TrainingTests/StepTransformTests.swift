import Encoders
import Foundation
import Tensors
import TestSupport
import Testing
import Training

@Suite struct StepTransformTests {
  /// Remembers how often it was called and what it saw, and clears the gradients of one matrix.
  private struct Recorder: StepTransform {
    var name = "layers.0.feedForward.up.weight"
    var calls: Float = 0
    var settledAfter = 0
    var steps: [Int] = []

    var identity: String { "recorder of \(name)" }
    var state: [String: Tensor] {
      get { ["calls": Tensor([calls], shape: [1])] }
      set { calls = newValue["calls"]?[0] ?? -1 }
    }

    func isSettled(after count: Int, of total: Int) -> Bool { count >= settledAfter }

    mutating func callAsFunction(
      _ step: TrainingStep, _ model: inout DenseClassifier, _ gradients: inout DenseClassifier,
      _ optimizer: inout AdamW
    ) {
      calls += 1
      steps.append(step.index)
      #expect(step.total == 15 && step.learningRate >= 0)
      gradients.forEachParameter(at: "") { name, tensor in
        if name == self.name { tensor.fill(0) }
      }
      optimizer.forEachMoment { name, first, second in
        guard name == self.name else { return }
        #expect(first.elements.allSatisfy { $0 == 0 } && second.elements.allSatisfy { $0 == 0 })
      }
    }
  }

  private func train(
    _ transform: inout Recorder, steps: Range<Int>? = nil, in folder: URL? = nil,
    stop: Int? = nil, model start: DenseClassifier = ToyProblem.model(),
    options: TrainingOptions = ToyProblem.options,
    observe: (TrainingEvent) -> Void = { _ in }
  ) throws -> DenseClassifier {
    var (model, asked) = (start, 0)
    try Trainer(options, on: Device(threads: 2)).train(
      &model, on: try ToyProblem.data(), objective: CrossEntropy(), transform: &transform,
      steps: steps, saving: folder, resume: folder != nil,
      shouldStop: {
        asked += 1
        return asked == stop
      }, observe: observe)
    return model
  }

  /// Without decay of weights, which is no gradient's.
  private var options: TrainingOptions {
    var options = ToyProblem.options
    options.weightDecay = 0
    return options
  }

  @Test func gradientsAreThoseThatItLeaves() throws {
    var recorder = Recorder()
    let (start, model) = (
      ToyProblem.model(), try train(&recorder, options: options)
    )
    #expect(model.layers[0].feedForward.up.weight == start.layers[0].feedForward.up.weight)
    #expect(model.layers[0].feedForward.down.weight != start.layers[0].feedForward.down.weight)
    #expect(recorder.calls == 15 && recorder.steps == Array(0..<15))
  }

  @Test(arguments: [1, 5, 7, 15])
  func whatItRemembersIsSavedWithTheRun(step: Int) throws {
    var recorder = Recorder()
    let expected = try train(&recorder)
    try withTemporaryFolder { (folder) throws in
      var first = Recorder()
      #expect(throws: TrainingError.interrupted(step: step)) {
        try train(&first, in: folder, stop: step)
      }
      #expect(first.calls == Float(step), "the transform comes back from a stopped run as well")
      var second = Recorder()
      #expect(try train(&second, in: folder) == expected)
      #expect(second.calls == 15 && second.steps == Array(step..<15))
    }
  }

  @Test func statesOfOtherTransformsAreRefused() throws {
    try withTemporaryFolder { (folder) throws in
      var recorder = Recorder()
      _ = try? train(&recorder, in: folder, stop: 3)
      for other in [Recorder(name: "classifier.weight"), Recorder(calls: 1)] {
        var other = other
        let error = #expect(throws: TrainingError.self) { try train(&other, in: folder) }
        guard case .otherRun(_, let difference) = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        #expect(difference.hasPrefix("its steps were transformed in another way"))
      }
    }
  }

  @Test func unsettledModelsAreNeverTheBest() throws {
    for (settled, expected) in [(0, 1), (6, 2), (11, 3), (15, 3)] {
      var recorder = Recorder(settledAfter: settled)
      var epochs: [Int] = []
      _ = try train(&recorder) { event in
        if case .epoch(let epoch, _, _, _, let isBest) = event, isBest { epochs.append(epoch) }
      }
      #expect(epochs.first == expected, "settled after \(settled)")
    }
  }

  @Test func unsettledEpochsDoNotCountForPatience() throws {
    var options = ToyProblem.options
    options.patience = 1
    options.learningRate = 0  // no epoch is better than the first
    var epochs = 0
    var recorder = Recorder(settledAfter: 10)
    _ = try train(&recorder, options: options) { event in
      if case .epoch = event { epochs += 1 }
    }
    #expect(epochs == 3)
  }

  @Test func aRunEndsEarlyWithTheModelOfThatStep() throws {
    try withTemporaryFolder { (folder) throws in
      var (whole, part) = (Recorder(), Recorder())
      let stopped = #expect(throws: TrainingError.interrupted(step: 7)) {
        try train(&whole, in: folder, stop: 7)
      }
      #expect(stopped != nil)
      var model = ToyProblem.model()
      var asked = 0
      var nothing = Recorder()
      try? Trainer(ToyProblem.options, on: Device(threads: 2)).train(
        &model, on: try ToyProblem.data(), objective: CrossEntropy(), transform: &nothing,
        shouldStop: {
          asked += 1
          return asked == 7
        })
      #expect(try train(&part, steps: 0..<7) == model)
      #expect(part.calls == 7)
      #expect(try train(&part, steps: 0..<0) == ToyProblem.model())
    }
  }

  @Test(arguments: [0, 3, 5, 12, 15])
  func aRunBeginsLaterWithTheBatchesOfItsSteps(first: Int) throws {
    var recorder = Recorder()
    var rates: [Float] = []
    let expected = try train(&recorder, steps: first..<15) { event in
      if case .step(_, _, _, _, let rate, _) = event { rates.append(rate) }
    }
    #expect(recorder.steps == Array(first..<15))
    var all: [Float] = []
    var other = Recorder()
    _ = try train(&other) { event in
      if case .step(_, _, _, _, let rate, _) = event { all.append(rate) }
    }
    #expect(rates == Array(all[first...]))
    guard first < 14 else { return }
    try withTemporaryFolder { (folder) throws in
      var first = Recorder()
      let steps = recorder.steps[0]..<15
      _ = try? train(&first, steps: steps, in: folder, stop: 1)
      var second = Recorder()
      #expect(try train(&second, steps: steps, in: folder) == expected)
      #expect(throws: TrainingError.self) { try train(&second, steps: 0..<15, in: folder) }
    }
  }

  @Test func stepsBeyondTheRunAreRefused() throws {
    var recorder = Recorder()
    let expected = TrainingError.invalidOption(
      name: "steps", expected: "steps of 0 to 15", found: "3..<16")
    #expect(throws: expected) { try train(&recorder, steps: 3..<16) }
    #expect(recorder.calls == 0)
  }
}
