import Checkpoints
import Encoders
import Foundation
import Tensors
import TestSupport
import Testing
import Text
import Training

/// Runs that are stopped and go on.
@Suite struct ResumeTests {
  private let data: TrainingData
  private let uninterrupted: DenseClassifier

  init() throws {
    data = try ToyProblem.data()
    uninterrupted = try trained(ToyProblem.options, on: data)
  }

  /// Goes on with whatever is in `folder` until `stop` steps were taken since.
  private func run(
    in folder: URL, stop: Int? = nil, threads: Int = 2,
    options: TrainingOptions = ToyProblem.options, data: TrainingData? = nil,
    model: DenseClassifier = ToyProblem.model(), observe: (TrainingEvent) -> Void = { _ in }
  ) throws -> DenseClassifier {
    var model = model
    var asked = 0
    try Trainer(options, on: Device(threads: threads)).train(
      &model, on: data ?? self.data, objective: CrossEntropy(), saving: folder, resume: true,
      shouldStop: {
        asked += 1
        return asked == stop
      }, observe: observe)
    return model
  }

  /// Steps 5 and 10 end an epoch, 15 the run.
  @Test(arguments: [1, 4, 5, 6, 10, 14, 15])
  func resumedRunsEndInTheSameBytes(step: Int) throws {
    try withTemporaryFolder { (folder) throws in
      #expect(throws: TrainingError.interrupted(step: step)) { try run(in: folder, stop: step) }
      #expect(try run(in: folder, threads: 3) == uninterrupted)
    }
  }

  @Test func runsMayBeStoppedAtEveryStep() throws {
    try withTemporaryFolder { (folder) throws in
      for step in 1...15 {
        #expect(throws: TrainingError.interrupted(step: step)) { try run(in: folder, stop: 1) }
      }
      #expect(try run(in: folder) == uninterrupted)
      #expect(try run(in: folder) == uninterrupted, "a finished run is finished")
    }
  }

  @Test func savingAtEveryStepChangesNothing() throws {
    var options = ToyProblem.options
    options.saveInterval = 0
    try withTemporaryFolder { (folder) throws in
      #expect(try run(in: folder, options: options) == uninterrupted)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
    }
  }

  @Test func resumingTellsTheStep() throws {
    try withTemporaryFolder { (folder) throws in
      _ = try? run(in: folder, stop: 7)
      var resumed: [Int] = []
      var first: Int?
      _ = try run(in: folder) { event in
        switch event {
        case .resumed(let step): resumed.append(step)
        case .step(let step, _, _, _, _, _): first = first ?? step
        case .epoch: break
        }
      }
      #expect(resumed == [7] && first == 8)
    }
  }

  @Test func withoutResumeARunBeginsAnew() throws {
    try withTemporaryFolder { (folder) throws in
      var options = ToyProblem.options
      options.seed = 99
      _ = try? run(in: folder, stop: 7, options: options)
      var model = ToyProblem.model()
      try Trainer(ToyProblem.options, on: Device(threads: 2)).train(
        &model, on: data, objective: CrossEntropy(), saving: folder)
      #expect(model == uninterrupted)
    }
  }

  @Test func patienceIsRememberedAcrossTheStop() throws {
    var options = ToyProblem.options
    (options.epochs, options.patience) = (30, 2)
    let contrary = TrainingData(
      training: try ToyProblem.examples(40, seed: 1),
      validation: try ToyProblem.examples(20, seed: 2).map {
        LabeledSequence($0.sequence, label: 1 - $0.label)
      })
    var epochs = 0
    let expected = try trained(options, on: contrary) { event in
      if case .epoch = event { epochs += 1 }
    }
    try #require(epochs < 30)
    for step in [5 * epochs - 9, 5 * epochs - 4, 5 * epochs] {
      try withTemporaryFolder { (folder) throws in
        #expect(throws: TrainingError.interrupted(step: step)) {
          try run(in: folder, stop: step, options: options, data: contrary)
        }
        var last = 0
        let model = try run(in: folder, options: options, data: contrary) { event in
          if case .epoch(let epoch, _, _, _, _) = event { last = epoch }
        }
        #expect(model == expected && last == epochs)
      }
    }
  }

  @Test func statesOfOtherRunsAreRefused() throws {
    try withTemporaryFolder { (folder) throws in
      _ = try? run(in: folder, stop: 3)
      func difference(_ body: () throws -> DenseClassifier) -> String? {
        let error = #expect(throws: TrainingError.self) { try body() }
        guard case .otherRun(_, let difference) = error else { return nil }
        return difference
      }
      var options = ToyProblem.options
      options.learningRate *= 2
      #expect(difference { try run(in: folder, options: options) } == "its options were others")
      let fewer = try ToyProblem.data(training: 39)
      #expect(
        difference { try run(in: folder, data: fewer) } == "it saw 40 examples, here are 39")
      #expect(
        difference { try run(in: folder, model: .random(.uneven, seed: 1)) }
          == "its model has other sizes")
      #expect(try run(in: folder) == uninterrupted, "the state is still sound")
    }
  }

  @Test(arguments: [0x20_0000_0000_0001, 0x8000_0000_0000_0000, UInt64.max])
  func everySeedIsRecognized(seed: UInt64) throws {
    var options = ToyProblem.options
    (options.epochs, options.seed) = (1, seed)
    try withTemporaryFolder { (folder) throws in
      _ = try? run(in: folder, stop: 2, options: options)
      #expect(try run(in: folder, options: options) == trained(options, on: data))
    }
  }

  @Test func damagedStatesAreRefused() throws {
    try withTemporaryFolder { (folder) throws in
      _ = try? run(in: folder, stop: 3)
      let url = folder.appending(path: "state.safetensors")
      let whole = try Data(contentsOf: url)
      let file = try SafetensorsFile(contentsOf: url)
      var tensors: [(name: String, tensor: Tensor)] = []
      for name in file.names where name != "second.classifier.bias" {
        tensors.append((name, try file.tensor(name)))
      }
      try SafetensorsFile.write(tensors, metadata: file.metadata, to: url)
      let name = "second.classifier.bias"
      #expect(throws: CheckpointError.missingTensor(path: url.path, name: name)) {
        try run(in: folder)
      }
      tensors.append((name, Tensor(zeros: 1)))
      try SafetensorsFile.write(tensors, metadata: file.metadata, to: url)
      let wrong = CheckpointError.wrongShape(path: url.path, name: name, expected: [2], found: [1])
      #expect(throws: wrong) { try run(in: folder) }
      try SafetensorsFile.write(tensors, to: url)
      #expect(throws: CheckpointError.self) { try run(in: folder) }
      try whole.prefix(1000).write(to: url)
      #expect(throws: CheckpointError.self) { try run(in: folder) }
      try whole.write(to: url)
      #expect(try run(in: folder) == uninterrupted)
    }
  }
}
