import Distillation
import Encoders
import Foundation
import Tensors
import TestSupport
import Testing
import Training

/// Whole runs: what is learned, and that a run that was stopped ends in the same bytes.
@Suite struct DistillationRunTests {
  private static let mixes = [
    Fixture.options(soft: 1), Fixture.options(soft: 0.5, hard: 0.5, hidden: 1),
  ]

  private static var options: TrainingOptions {
    var options = TrainingOptions()
    options.epochs = 3
    options.batchSize = 8
    options.learningRate = 5e-3
    options.seed = 3
    return options
  }

  /// Goes on with whatever is in `folder` until `stop` steps were taken since. The teacher is a new one
  /// each time, which remembers nothing.
  private func run(
    _ distillation: DistillationOptions, in folder: URL? = nil, stop: Int? = nil,
    threads: Int = 2, isPrepared: Bool = false, options: TrainingOptions = Self.options
  ) throws -> DenseClassifier {
    var model = Fixture.student
    var asked = 0
    let device = Device(threads: threads)
    let examples = try Fixture.examples(40, seed: 1)
    let objective = try Fixture.objective(
      distillation, on: device.computing(options.precision))
    if isPrepared { objective.prepare(examples.map(\.sequence), on: device) }
    try Trainer(options, on: device).train(
      &model, on: TrainingData(training: examples, validation: try Fixture.examples(20, seed: 2)),
      objective: objective, saving: folder, resume: folder != nil,
      shouldStop: {
        asked += 1
        return asked == stop
      })
    return model
  }

  /// Steps 5 and 10 end an epoch, 15 the run.
  @Test(arguments: mixes, [false, true])
  func resumedRunsEndInTheSameBytes(options: DistillationOptions, isPrepared: Bool) throws {
    let uninterrupted = try run(options, isPrepared: isPrepared)
    for step in [1, 5, 7, 12] {
      try withTemporaryFolder { (folder) throws in
        #expect(throws: TrainingError.interrupted(step: step)) {
          try run(options, in: folder, stop: step, isPrepared: isPrepared)
        }
        let resumed = try run(options, in: folder, threads: 3, isPrepared: isPrepared)
        #expect(resumed == uninterrupted)
      }
    }
  }

  @Test(arguments: mixes)
  func runsInNarrowProductsResumeToo(distillation: DistillationOptions) throws {
    var options = Self.options
    options.precision = .bf16
    let uninterrupted = try run(distillation, options: options)
    try withTemporaryFolder { (folder) throws in
      _ = try? run(distillation, in: folder, stop: 7, options: options)
      #expect(try run(distillation, in: folder, threads: 1, options: options) == uninterrupted)
    }
  }

  @Test(arguments: mixes)
  func studentsComeToAnswerAsTheirTeacher(distillation: DistillationOptions) throws {
    var options = Self.options
    (options.epochs, options.dropout, options.attentionDropout) = (12, 0, 0)
    var distillation = distillation
    distillation.hardWeight = 0  // labels are chance here
    let device = Device(threads: 2)
    let unseen = try Fixture.examples(200, seed: 8)
    func disagreement(_ model: DenseClassifier) -> Int {
      let answers = Predictions(of: model, on: unseen, device: device).answers
      let teachers = Predictions(of: Fixture.teacher, on: unseen, device: device).answers
      return zip(answers, teachers).count { $0 != $1 }
    }
    let (before, after) = (
      disagreement(Fixture.student), disagreement(try run(distillation, options: options))
    )
    #expect(after < before * 3 / 4, "\(before) of 200 differed before, \(after) after")
  }
}
