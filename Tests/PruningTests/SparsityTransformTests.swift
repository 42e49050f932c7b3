import Encoders
import Foundation
import Pruning
import Tensors
import TestSupport
import Testing
import Training

/// Transforms that change their mask while a model trains: fifteen steps, three epochs.
@Suite struct SparsityTransformTests {
  private let start = SparsityFixture.model()
  private let target = SparsityTarget(ratio: 0.8)

  private static var schedule: SparsificationSchedule {
    var schedule = SparsificationSchedule()
    (schedule.start, schedule.end, schedule.interval) = (0.1, 0.7, 3)
    return schedule
  }

  private static var exchange: RigL.Options {
    var options = RigL.Options()
    (options.interval, options.share) = (3, 0.4)
    return options
  }

  /// A transform that tells a test what it was left with after each step.
  private struct Watched<Transform: StepTransform>: StepTransform {
    var transform: Transform
    var mask: @Sendable (Transform) -> WeightMask
    var masks: [WeightMask] = []
    var models: [DenseClassifier] = []

    var identity: String { transform.identity }
    var state: [String: Tensor] {
      get { transform.state }
      set { transform.state = newValue }
    }
    func isSettled(after count: Int, of total: Int) -> Bool {
      transform.isSettled(after: count, of: total)
    }
    mutating func callAsFunction(
      _ step: TrainingStep, _ model: inout DenseClassifier, _ gradients: inout DenseClassifier,
      _ optimizer: inout AdamW
    ) {
      transform(step, &model, &gradients, &optimizer)
      masks.append(mask(transform))
      models.append(model)
    }
  }

  private func gradual(
    _ criterion: WeightCriterion = .magnitude, _ target: SparsityTarget? = nil
  ) throws -> GradualSparsification {
    try GradualSparsification(
      of: start, to: target ?? self.target, schedule: Self.schedule, criterion: criterion)
  }

  private func rigL(_ pattern: String = "weights") throws -> RigL {
    let mask = try SparsityFixture.mask(of: start, 0.8, pattern: pattern, scope: .matrix)
    return try RigL(from: mask, options: Self.exchange)
  }

  private func alternating() throws -> AlternatingSparsification {
    var options = AlternatingSparsification.Options()
    (options.warmup, options.phase, options.last) = (0.2, 0.2, 0.2)
    return try AlternatingSparsification(of: start, to: target, options: options)
  }

  /// Every weight that a mask takes is zero in the model that the step began to move.
  private func holds<T>(_ watched: Watched<T>, _ model: DenseClassifier) throws -> Bool {
    try zip(watched.models, watched.masks).allSatisfy { try $0.isZero(outside: $1) }
      && model.isZero(outside: try #require(watched.masks.last))
  }

  @Test(arguments: [WeightCriterion.magnitude, .movement])
  func weightsGoByTheSchedule(criterion: WeightCriterion) throws {
    let (model, watched) = try SparsityFixture.train(
      start, Watched(transform: try gradual(criterion)) { $0.mask })
    #expect(try holds(watched, model))
    // From step 1 to step 10, every third: 1 − (1 − t)³ of 0.8.
    let count = Double(watched.masks[0].weightCount)
    for (step, mask) in watched.masks.enumerated() {
      let progress = min(1, Double(max(0, (step - 1) / 3 * 3)) / 9)
      let expected = 0.8 * (1 - pow(1 - progress, 3))
      #expect(abs(mask.ratio - expected) < 1 / count, "step \(step)")
    }
    for (before, after) in zip(watched.masks, watched.masks.dropFirst()) {
      for (name, mask) in before.matrices {
        let next = try #require(after.matrices[name])
        #expect((0..<mask.blockCount).allSatisfy { mask[$0] || !next[$0] }, "none comes back")
      }
    }
    #expect(model.zeroCount == Int((count * 0.8).rounded()))
  }

  @Test(arguments: ["4x1", "2:4", "3x7"])
  func everyPatternIsReachedGradually(pattern: String) throws {
    let target = SparsityTarget(ratio: 0.5, pattern: try SparsityPattern(pattern), scope: .matrix)
    let (model, transform) = try SparsityFixture.train(start, try gradual(.magnitude, target))
    #expect(try model.isZero(outside: transform.mask))
    let once = try SparsityFixture.mask(of: start, 0.5, pattern: pattern, scope: .matrix)
    for (name, mask) in once.matrices {
      #expect(transform.mask.matrices[name]?.keptCount == mask.keptCount, "\(name)")
    }
  }

  @Test func whatIsZeroAtTheStartStaysAndCounts() throws {
    var sparse = start
    let mask = try SparsityFixture.mask(of: start, 0.5)
    try mask.apply(to: &sparse, on: SparsityFixture.device)
    for ratio in [0.3, 0.8] {
      let transform = try GradualSparsification(
        of: sparse, to: SparsityTarget(ratio: ratio), schedule: Self.schedule)
      let (model, last) = try SparsityFixture.train(sparse, transform)
      #expect(try model.isZero(outside: mask))
      #expect(abs(last.mask.ratio - max(0.5, ratio)) < 0.001)
    }
  }

  @Test func theSmallestWeightsGo() throws {
    let watched = try SparsityFixture.train(
      start, Watched(transform: try gradual()) { $0.mask }
    ).transform
    // Before the first choice that takes anything, at step 4, nothing was masked: a run that is dense until then is the
    // same.
    var dense = SparsityFixture.model()
    var nothing = Untransformed()
    try Trainer(SparsityFixture.options, on: SparsityFixture.device).train(
      &dense, on: try SparsityFixture.data(), objective: CrossEntropy(), transform: &nothing,
      steps: 0..<4)
    var (gone, kept): ([Float], [Float]) = ([], [])
    for (place, weight) in dense.matrices(includingPooler: false) {
      let mask = try #require(watched.masks[4].matrices[place.name])
      kept += (0..<weight.count).filter { mask[$0] }.map { abs(weight[$0]) }
      gone += (0..<weight.count).filter { !mask[$0] }.map { abs(weight[$0]) }
    }
    #expect(try #require(gone.max()) <= #require(kept.min()))
  }

  @Test func movementIsTheSumOfWeightsTimesGradients() throws {
    /// Sums in double what the transform should.
    struct Sums: StepTransform {
      var transform: GradualSparsification
      var sums: [String: [Double]] = [:]
      var identity: String { transform.identity }
      var state: [String: Tensor] {
        get { transform.state }
        set { transform.state = newValue }
      }
      mutating func callAsFunction(
        _ step: TrainingStep, _ model: inout DenseClassifier, _ gradients: inout DenseClassifier,
        _ optimizer: inout AdamW
      ) {
        let slopes = Dictionary(
          uniqueKeysWithValues: gradients.parameters.map { ($0.name, $0.tensor) })
        for (name, weight) in model.parameters {
          guard step.index <= 10, let slope = slopes[name] else { continue }
          let old = sums[name] ?? Array(repeating: 0, count: weight.count)
          sums[name] = old.indices.map { old[$0] - Double(weight[$0]) * Double(slope[$0]) }
        }
        transform(step, &model, &gradients, &optimizer)
      }
    }
    let sums = try SparsityFixture.train(start, Sums(transform: try gradual(.movement))).transform
    for (name, found) in sums.state where name.hasPrefix("movement.") {
      let expected = try #require(sums.sums[String(name.dropFirst("movement.".count))])
      let scale = expected.map(abs).max() ?? 0
      #expect(scale > 0)
      for (a, b) in zip(found.elements, expected) { #expect(abs(Double(a) - b) < 1e-5 * scale) }
    }
  }

  @Test func connectionsAreExchangedAndTheirNumberStays() throws {
    for pattern in ["weights", "2x2"] {
      let first = try rigL(pattern)
      let (model, watched) = try SparsityFixture.train(
        start, Watched(transform: first) { $0.mask }, validation: 0)
      #expect(try holds(watched, model))
      for (step, masks) in zip([first.mask] + watched.masks, watched.masks).enumerated() {
        let changes = masks.0.matrices.map { name, mask in
          let next = masks.1.matrices[name]
          #expect(next?.keptCount == mask.keptCount)
          return next != mask
        }
        // Steps 3, 6 and 9 of 15; after three quarters nothing changes.
        #expect(changes.contains(true) == [3, 6, 9].contains(step))
      }
    }
  }

  @Test func theSteepestGrowFromZero() throws {
    /// What the gradients were before the transform saw them.
    struct Slopes: StepTransform {
      var transform: RigL
      var before: WeightMask?
      var slopes, model: DenseClassifier?
      var identity: String { transform.identity }
      var state: [String: Tensor] {
        get { transform.state }
        set { transform.state = newValue }
      }
      mutating func callAsFunction(
        _ step: TrainingStep, _ model: inout DenseClassifier, _ gradients: inout DenseClassifier,
        _ optimizer: inout AdamW
      ) {
        if step.index == 3 { (before, slopes) = (transform.mask, gradients) }
        transform(step, &model, &gradients, &optimizer)
        guard step.index == 3 else { return }
        self.model = model
        for (place, weight) in gradients.matrices(includingPooler: false) {
          guard let mask = transform.mask.matrices[place.name],
            let all = slopes?.matrices(includingPooler: false)
              .first(where: { $0.place == place })?.weight,
            let old = before?.matrices[place.name]
          else { continue }
          let grown = (0..<mask.blockCount).filter { mask[$0] && !old[$0] }
          let passed = (0..<mask.blockCount).filter { !mask[$0] && !old[$0] }
          #expect(grown.allSatisfy { weight[$0] == all[$0] }, "what grows moves at once")
          let least = grown.map { abs(all[$0]) }.min() ?? .infinity
          #expect(passed.allSatisfy { abs(all[$0]) <= least })
          let values = model.matrices(includingPooler: false).first { $0.place == place }?.weight
          #expect(grown.allSatisfy { values?[$0] == 0 })
        }
      }
    }
    let transform = try SparsityFixture.train(start, Slopes(transform: try rigL())).transform
    #expect(transform.model != nil)
  }

  @Test func sparseAndDensePhasesAlternate() throws {
    var options = SparsityFixture.options
    options.learningRate = 0.05  // so that a dense phase moves many weights
    let (model, watched) = try SparsityFixture.train(
      start, Watched(transform: try alternating()) { $0.mask }, options: options, validation: 0)
    #expect(try holds(watched, model))
    let isSparse = watched.masks.map { $0.ratio > 0 }
    // Three steps dense, then by threes; the last three are sparse.
    let expected = [0, 1, 0, 1, 1].flatMap { Array(repeating: $0 == 1, count: 3) }
    #expect(isSparse == expected)
    #expect(abs(try #require(watched.masks.last).ratio - 0.8) < 0.01)
    let isOther = watched.masks[3] != watched.masks[9]
    #expect(isOther, "a sparse phase chooses anew")
    #expect(watched.models[8].zeroCount < watched.models[6].zeroCount / 2)
  }

  @Test func onlySparseModelsAreTheBest() throws {
    func best(_ transform: some StepTransform) throws -> [Bool] {
      var best: [Bool] = []
      _ = try SparsityFixture.train(start, transform) { event in
        if case .epoch(_, _, _, _, let isBest) = event { best.append(isBest) }
      }
      return best
    }
    // Epochs end after 5, 10 and 15 steps.
    #expect(try best(try gradual()).prefix(2) == [false, false])
    #expect(try best(try alternating())[0] == true)
    #expect(try best(try rigL())[0] == true)
  }

  @Test(arguments: [1, 2, 4, 5, 7, 10, 11, 14])
  func resumedRunsEndInTheSameBytes(step: Int) throws {
    func check(_ transform: some StepTransform) throws {
      let expected = try SparsityFixture.train(start, transform, threads: 1)
      try SparsityFixture.withTemporaryFolder { (folder) throws in
        #expect(throws: TrainingError.interrupted(step: step)) {
          try SparsityFixture.train(start, transform, in: folder, stop: step)
        }
        let found = try SparsityFixture.train(start, transform, in: folder, threads: 3)
        #expect(found.model == expected.model && found.transform.state == expected.transform.state)
      }
    }
    try check(try gradual())
    try check(try gradual(.movement))
    try check(try rigL())
    try check(try alternating())
  }

  @Test func optionsThatCannotBeMeantAreRefused() throws {
    func refused(_ body: () throws -> Void) { #expect(throws: SparsityError.self) { try body() } }
    let numbers: [(Double, Double, Int)] = [
      (-0.1, 0.5, 1), (0.6, 0.5, 1), (0, 1.1, 1), (0, 1, 0), (.nan, 1, 1),
    ]
    for (from, to, interval) in numbers {
      var schedule = SparsificationSchedule()
      (schedule.start, schedule.end, schedule.interval) = (from, to, interval)
      refused { _ = try GradualSparsification(of: start, to: target, schedule: schedule) }
    }
    refused { _ = try gradual(.random) }
    refused { _ = try gradual(.magnitude, SparsityTarget(ratio: 2)) }
    refused { _ = try rigL("2:4") }
    var exchange = RigL.Options()
    exchange.share = 1.5
    refused { _ = try RigL(from: try rigL().mask, options: exchange) }
    (exchange.share, exchange.interval) = (0.5, 0)
    refused { _ = try RigL(from: try rigL().mask, options: exchange) }
    var phases = AlternatingSparsification.Options()
    phases.phase = -1
    refused { _ = try AlternatingSparsification(of: start, to: target, options: phases) }
  }

  @Test func everyScheduleEndsAtItsTarget() throws {
    for (from, to) in [(0.0, 0.0), (0, 1), (1, 1), (0.5, 0.5), (0.99, 1)] {
      var schedule = SparsificationSchedule()
      (schedule.start, schedule.end, schedule.interval) = (from, to, 4)
      let transform = try GradualSparsification(of: start, to: target, schedule: schedule)
      let (model, last) = try SparsityFixture.train(start, transform)
      #expect(abs(last.mask.ratio - 0.8) < 0.001, "\(from) to \(to)")
      #expect(try model.isZero(outside: last.mask))
    }
  }
}
