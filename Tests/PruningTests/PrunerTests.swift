import Encoders
import Pruning
import Tensors
import TestSupport
import Testing
import Training

@Suite struct PrunerTests {
  private let batches: [LabeledBatch]

  init() throws { batches = Fixture.batches(try Fixture.examples(12), of: 5) }

  private func options(
    _ removals: [PruningUnit: PruningBudget], criterion: Criterion = .gateGradient, steps: Int = 1
  ) -> PruningOptions {
    var options = PruningOptions()
    (options.removals, options.criterion, options.steps) = (removals, criterion, steps)
    return options
  }

  private func pruner(_ options: PruningOptions) -> Pruner {
    Pruner(options, on: batches, device: Fixture.device)
  }

  /// The units of each kind that are left, all layers together.
  private func counts(_ model: DenseClassifier) -> [PruningUnit: Int] {
    Dictionary(
      uniqueKeysWithValues: Fixture.gatedUnits.map {
        ($0, $0.counts(in: model.configuration).reduce(0, +))
      })
  }

  @Test func oneStepIsScoringPlanningAndCutting() throws {
    for unit in Fixture.gatedUnits {
      let (model, plan) = try pruner(options([unit: .ratio(0.4)])).prune(Fixture.model)
      let scores = try Fixture.scores(.gateGradient, per: unit, on: batches)
      let expected = try Planner(removing: .ratio(0.4)).plan(scores, for: .uneven)
      #expect(plan == expected)
      #expect(try model == Fixture.model.pruned(by: expected))
    }
  }

  @Test func severalKindsGoTogether() throws {
    let removals: [PruningUnit: PruningBudget] = [
      .heads: .count(3), .neurons: .ratio(0.5), .channels: .count(7),
    ]
    for steps in [1, 3] {
      let (model, plan) = try pruner(options(removals, steps: steps)).prune(Fixture.model)
      #expect(counts(model) == [.layers: 5, .heads: 5, .neurons: 22, .channels: 17])
      #expect(try model == Fixture.model.pruned(by: plan))
    }
  }

  @Test func layersTakeTheirHeadsAlong() throws {
    let removals: [PruningUnit: PruningBudget] = [.layers: .count(2), .heads: .count(4)]
    for steps in [1, 2, 4] {
      let (model, plan) = try pruner(options(removals, steps: steps)).prune(Fixture.model)
      #expect(model.layers.count == 3)
      #expect(counts(model)[.heads, default: 9] <= 4)
      #expect(try model == Fixture.model.pruned(by: plan))
    }
  }

  @Test func eachStepScoresAnewAndChecksTheLaw() throws {
    var scored: [Int] = []
    var cuts: [(removed: Int, difference: Float?)] = []
    let (model, _) = try pruner(options([.heads: .count(5)], steps: 3)).prune(Fixture.model) {
      event in
      switch event {
      case .scored(let done, let total):
        scored.append(done)
        #expect(total == 3)
      case .cut(let plan, let difference):
        let before = plan.sizes.layers.reduce(0) { $0 + $1.headCount }
        cuts.append((before - plan.layers.reduce(0) { $0 + $1.heads.count }, difference))
      case .reconstructed: Issue.record("nothing was asked to be fitted")
      }
    }
    #expect(scored == [1, 2, 3, 1, 2, 3, 1, 2, 3])
    #expect(cuts.map(\.removed) == [2, 1, 2])
    #expect(cuts.allSatisfy { $0.difference.map { $0 <= GateCheck.limit } ?? false })
    #expect(counts(model)[.heads] == 3)
  }

  @Test func thereAreNoMoreStepsThanUnits() throws {
    var cuts = 0
    _ = try pruner(options([.heads: .count(2)], criterion: .magnitude, steps: .max)).prune(
      Fixture.model
    ) { if case .cut = $0 { cuts += 1 } }
    #expect(cuts == 2)
  }

  @Test func givenScoresAreFollowed() throws {
    var scores = try Fixture.scores(.magnitude, per: .heads)
    scores.values = scores.values.map { $0.map { -$0 } }
    let (_, plan) = try pruner(options([.heads: .count(3)])).prune(
      Fixture.model, scores: [scores])
    #expect(try plan == Planner(removing: .count(3)).plan(scores, for: .uneven))
  }

  @Test func kindsWithoutGivenScoresAreScored() throws {
    let scores = try Fixture.scores(.magnitude, per: .heads)
    let (model, _) = try pruner(options([.heads: .count(3), .neurons: .count(4)])).prune(
      Fixture.model, scores: [scores])
    #expect(counts(model)[.heads] == 5 && counts(model)[.neurons] == 40)
  }

  @Test func aPlanIsFollowed() throws {
    let plan = PruningPlan.without([.layer(2), .channel(4)])
    var differences: [Float?] = []
    let model = try pruner(PruningOptions()).prune(Fixture.model, by: plan) {
      if case .cut(plan, let difference) = $0 { differences.append(difference) }
    }
    #expect(try model == Fixture.model.pruned(by: plan))
    #expect(differences.count == 1 && differences[0].map { $0 <= GateCheck.limit } == true)
  }

  @Test func withoutBatchesTheLawIsNotChecked() throws {
    var differences: [Float?] = []
    let pruner = Pruner(
      options([.neurons: .count(9)], criterion: .magnitude), on: [], device: Fixture.device)
    _ = try pruner.prune(Fixture.model) {
      if case .cut(_, let difference) = $0 { differences.append(difference) }
    }
    #expect(differences == [nil])
  }

  @Test func everyNumberOfThreadsGivesTheSameBytes() throws {
    func pruned(_ threads: Int) throws -> DenseClassifier {
      var options = options([.neurons: .ratio(0.5), .heads: .count(2)], steps: 2)
      options.reconstruction = .leastSquares
      return try Pruner(options, on: batches, device: Device(threads: threads))
        .prune(Fixture.model).model
    }
    let expected = try pruned(1)
    for threads in [2, 3] { #expect(try pruned(threads) == expected) }
  }

  @Test func nothingToCutIsNothingCut() throws {
    #expect(try pruner(PruningOptions()).prune(Fixture.model).model == Fixture.model)
    let none = try pruner(options([.layers: .count(0), .channels: .ratio(0)], steps: 3))
      .prune(Fixture.model)
    #expect(none.model == Fixture.model && none.plan == PruningPlan(keepingAllOf: .uneven))
  }

  @Test func whatCannotBeIsRefused() throws {
    func error(_ options: PruningOptions, scores: [ImportanceScores] = []) -> PruningError? {
      do throws(PruningError) {
        _ = try pruner(options).prune(Fixture.model, scores: scores)
      } catch { return error }
      return nil
    }
    #expect(
      error(options([.heads: .count(1)], steps: 0))
        == .invalidBudget(expected: "1 step or more", found: "0"))
    #expect(
      error(options([.heads: .count(9)]))
        == .invalidBudget(expected: "0 to 8, all there are", found: "9"))
    #expect(
      error(options([.channels: .ratio(1)]))
        == .invalidPlan(reason: "no channels stay; a model needs at least one"))
    #expect(
      error(options([.tokens: .count(1)]))
        == .notScorable(unit: .tokens, criterion: .gateGradient))
    var scores = try Fixture.scores(.magnitude, per: .heads)
    scores.values[0][1] = .nan
    #expect(
      error(options([.heads: .count(1)]), scores: [scores])
        == .invalidScore(unit: .heads, row: 0, index: 1))
    scores.values.removeLast()
    guard case .otherModel = error(options([.heads: .count(1)]), scores: [scores]) else {
      Issue.record("scores of fewer layers were taken")
      return
    }
  }

  @Test func criteriaThatLearnAndReconstructionSayThatTheyWantData() {
    let pruner = { Pruner($0, on: [], device: Fixture.device) }
    #expect(throws: PruningError.noCalibrationData(criterion: .gateGradient)) {
      try pruner(options([.heads: .count(1)])).prune(Fixture.model)
    }
    var fitted = options([.heads: .count(1)], criterion: .magnitude)
    fitted.reconstruction = .leastSquares
    #expect(throws: PruningError.noReconstructionData) {
      try pruner(fitted).prune(Fixture.model)
    }
  }

  @Test func aDamagedModelIsNamedAsSuch() {
    var broken = Fixture.model
    broken.classifier.bias[0] = .nan
    #expect(throws: PruningError.notFinite) {
      try pruner(options([.heads: .count(1)], criterion: .magnitude)).prune(broken)
    }
  }
}
