import Encoders
import Foundation
import Pruning
import Tensors
import TestSupport
import Testing
import Training

@Suite struct SparsityLotteryTests {
  private let start = SparsityFixture.model()
  private let target = SparsityTarget(ratio: 0.6)

  private struct Stopped: Error {}

  private static func options(
    rounds: Int = 2, rewindStep: Int = 4, control: LotteryTicket.Control = .ticket
  ) -> LotteryTicket.Options {
    var options = LotteryTicket.Options()
    (options.rounds, options.rewindStep, options.control) = (rounds, rewindStep, control)
    options.seed = 5
    return options
  }

  /// A search whose runs are kept in `folder`; it stops after so many steps in all.
  private func search(
    _ options: LotteryTicket.Options, in folder: URL? = nil, stop: Int? = nil, threads: Int = 2,
    target: SparsityTarget? = nil, observe: (LotteryRun, DenseClassifier) -> Void = { _, _ in }
  ) throws -> (model: DenseClassifier, mask: WeightMask) {
    let device = Device(threads: threads)
    var (model, asked) = (start, 0)
    let search = try LotteryTicket(to: target ?? self.target, options: options, on: device)
    let mask = try search.find(in: &model, stepCount: 15) { run, model in
      observe(run, model)
      func train(_ transform: some StepTransform) throws {
        var transform = transform
        try Trainer(SparsityFixture.options, on: device).train(
          &model, on: try SparsityFixture.data(), objective: CrossEntropy(),
          transform: &transform, steps: run.steps, saving: folder?.appending(path: run.name),
          resume: folder != nil,
          shouldStop: {
            asked += 1
            return asked == stop
          })
      }
      if let mask = run.mask { try train(ConstantMask(mask)) } else { try train(Untransformed()) }
    }
    return (model, mask)
  }

  @Test func aTicketBeginsWithTheEarlyWeightsThatStay() throws {
    var runs: [(run: LotteryRun, model: DenseClassifier)] = []
    let (model, mask) = try search(Self.options()) { runs.append(($0, $1)) }
    #expect(runs.map(\.run.name) == ["rewind", "round-1", "round-2", "last"])
    #expect(runs.map(\.run.steps) == [0..<4, 0..<15, 4..<15, 4..<15])
    #expect(runs[0].model == start && runs[1].model == start)
    var early = start
    var nothing = Untransformed()
    try Trainer(SparsityFixture.options, on: SparsityFixture.device).train(
      &early, on: try SparsityFixture.data(), objective: CrossEntropy(), transform: &nothing,
      steps: 0..<4)
    for (run, model) in runs.dropFirst(2) {
      var expected = early
      try #require(run.mask).apply(to: &expected, on: SparsityFixture.device)
      #expect(model == expected)
    }
    #expect(try model.isZero(outside: mask) && runs[3].run.mask == mask)
    // Each round takes the same share of what is left.
    let first = try #require(runs[2].run.mask)
    #expect(abs(first.ratio - (1 - 0.4.squareRoot())) < 0.001 && abs(mask.ratio - 0.6) < 0.001)
    for (name, matrix) in mask.matrices {
      let before = try #require(first.matrices[name])
      #expect((0..<matrix.blockCount).allSatisfy { !matrix[$0] || before[$0] })
    }
  }

  @Test func weightsMayBePutBackToTheVeryStart() throws {
    var runs: [(run: LotteryRun, model: DenseClassifier)] = []
    let mask = try search(Self.options(rounds: 1, rewindStep: 0)) { runs.append(($0, $1)) }.mask
    #expect(runs.map(\.run.name) == ["round-1", "last"])
    var expected = start
    try mask.apply(to: &expected, on: SparsityFixture.device)
    #expect(runs[1].model == expected)
  }

  @Test func controlsDifferFromTheTicketInOneThing() throws {
    func last(_ control: LotteryTicket.Control) throws -> (LotteryRun, DenseClassifier) {
      var last: (LotteryRun, DenseClassifier)?
      _ = try search(Self.options(control: control)) { last = ($0, $1) }
      return try #require(last)
    }
    let (ticket, weights) = try last(.ticket)
    let mask = try #require(ticket.mask)
    let (fresh, others) = try last(.freshInitialization)
    #expect(fresh.mask == mask && others != weights)
    #expect(try others.isZero(outside: mask))
    #expect(others.embeddings != weights.embeddings)
    let (shuffled, _) = try last(.shuffledMask)
    #expect(shuffled.mask != mask)
    for (name, matrix) in mask.matrices {
      #expect(shuffled.mask?.matrices[name]?.keptCount == matrix.keptCount)
    }
    var names: [String] = []
    _ = try search(Self.options(control: .randomMask)) { run, _ in names.append(run.name) }
    let (random, _) = try last(.randomMask)
    #expect(names == ["rewind", "last"])
    #expect(random.mask?.keptCount == mask.keptCount && random.mask != mask)
  }

  @Test(arguments: ["2:4", "4x1"])
  func shuffledMasksKeepTheirPattern(pattern: String) throws {
    let target = SparsityTarget(ratio: 0.5, pattern: try SparsityPattern(pattern))
    let options = Self.options(rounds: 1, control: .shuffledMask)
    let mask = try search(options, target: target).mask
    guard case .nOfM = target.pattern else { return #expect(abs(mask.ratio - 0.5) < 0.05) }
    for matrix in mask.matrices.values {
      for start in stride(from: 0, to: matrix.shape[1] / 4 * 4, by: 4) {
        #expect((start..<start + 4).count { matrix[$0] } == 2)
      }
    }
  }

  /// 4 steps, then 15, 11 and 11.
  @Test(arguments: [3, 4, 5, 12, 19, 20, 31, 35, 41])
  func searchesThatWereStoppedGoOn(step: Int) throws {
    let expected = try search(Self.options(), threads: 1)
    try SparsityFixture.withTemporaryFolder { (folder) throws in
      #expect(throws: TrainingError.self) {
        try search(Self.options(), in: folder, stop: step)
      }
      let found = try search(Self.options(), in: folder)
      #expect(found.model == expected.model && found.mask == expected.mask)
    }
  }

  @Test func optionsThatCannotBeMeantAreRefused() throws {
    #expect(throws: SparsityError.self) { try search(Self.options(rounds: 0)) }
    #expect(throws: SparsityError.self) { try search(Self.options(rewindStep: -1)) }
    #expect(throws: SparsityError.self) { try search(Self.options(rewindStep: 15)) }
    #expect(throws: SparsityError.self) {
      try search(Self.options(), target: SparsityTarget(ratio: -1))
    }
  }

  @Test func errorsOfTheTrainingEndTheSearch() throws {
    var model = start
    let search = try LotteryTicket(to: target, on: SparsityFixture.device)
    #expect(throws: Stopped.self) {
      try search.find(in: &model, stepCount: 15) { _, _ in throw Stopped() }
    }
    #expect(model == start)
  }
}
