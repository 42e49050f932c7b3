import Encoders
import Pruning
import Tensors
import TestSupport
import Testing

@Suite struct PlannerTests {
  /// Layers of 3, 1 and 4 heads.
  private let configuration = EncoderConfiguration(
    vocabularySize: 9, hiddenSize: 4,
    layers: [3, 1, 4].map { LayerShape(headCount: $0, headSize: 2, intermediateSize: 4) })

  private let values: [[Float]] = [[0.5, 0.1, 0.9], [0.2], [0.3, 0.8, 0.4, 0.7]]

  private func kept(
    _ budget: PruningBudget, _ scope: RankingScope = .global, values: [[Float]]? = nil
  ) throws -> [[Int]] {
    let scores = ImportanceScores(
      unit: .heads, criterion: .magnitude, values: values ?? self.values)
    let plan = try Planner(removing: budget, scope: scope).plan(scores, for: configuration)
    try plan.validate(for: configuration)
    return plan.layers.map(\.heads)
  }

  @Test func theLeastOfTheModelGo() throws {
    #expect(try kept(.count(0)) == [[0, 1, 2], [0], [0, 1, 2, 3]])
    #expect(try kept(.count(2)) == [[0, 2], [], [0, 1, 2, 3]])
    #expect(try kept(.ratio(0.5)) == [[0, 2], [], [1, 3]])
    #expect(try kept(.count(8)) == [[], [], []])
    #expect(try kept(.ratio(1)) == [[], [], []])
  }

  @Test func ratiosAreRounded() throws {
    #expect(try kept(.ratio(0.31)).joined().count == 6)  // 2.48 heads
    #expect(try kept(.ratio(0.32)).joined().count == 5)  // 2.56 heads
  }

  @Test func theLeastOfEachLayerGo() throws {
    // Half of 8: 1, 0 and 2, and the one left over from a layer with most heads left.
    #expect(try kept(.ratio(0.5), .layer) == [[2], [0], [1, 3]])
    #expect(try kept(.count(1), .layer) == [[0, 1, 2], [0], [1, 2, 3]])
    #expect(try kept(.count(7), .layer).joined().count == 1)
    #expect(try kept(.count(8), .layer) == [[], [], []])
    #expect(try kept(.count(0), .layer) == [[0, 1, 2], [0], [0, 1, 2, 3]])
  }

  @Test(arguments: 0...8)
  func asManyGoAsAskedInBothScopes(count: Int) throws {
    for scope in RankingScope.allCases {
      #expect(try kept(.count(count), scope).joined().count == 8 - count)
    }
  }

  @Test func amongEqualsTheEarlierGoes() throws {
    let equal: [[Float]] = [[1, 1, 1], [1], [1, 1, 1, 1]]
    #expect(try kept(.count(4), values: equal) == [[], [], [0, 1, 2, 3]])
    #expect(try kept(.count(5), values: equal) == [[], [], [1, 2, 3]])
    #expect(try kept(.count(2), .layer, values: equal) == [[1, 2], [0], [1, 2, 3]])
    let zeros: [[Float]] = [[0, -0.0, 0], [-0.0], [0, 0, 0, 0]]
    #expect(try kept(.count(1), values: zeros) == [[1, 2], [0], [0, 1, 2, 3]])
  }

  @Test func negativeScoresAreLessThanNone() throws {
    let values: [[Float]] = [[0.5, -2, 0.9], [-1], [0, 0.8, 0.4, 0.7]]
    #expect(try kept(.count(2), values: values) == [[0, 2], [], [0, 1, 2, 3]])
  }

  @Test func modelsWithoutHeadsLoseNone() throws {
    let empty = EncoderConfiguration(
      vocabularySize: 9, hiddenSize: 4,
      layers: [LayerShape(headCount: 0, headSize: 2, intermediateSize: 4)])
    let scores = ImportanceScores(unit: .heads, criterion: .random, values: [[]])
    for scope in RankingScope.allCases {
      for budget in [PruningBudget.count(0), .ratio(0.7)] {
        let plan = try Planner(removing: budget, scope: scope).plan(scores, for: empty)
        #expect(plan.layers.map(\.heads) == [[]])
      }
      #expect(throws: PruningError.self) {
        try Planner(removing: .count(1), scope: scope).plan(scores, for: empty)
      }
    }
  }

  @Test func budgetsThatCannotBeMetAreRefused() throws {
    for scope in RankingScope.allCases {
      for budget in [
        PruningBudget.count(9), .count(-1), .ratio(1.5), .ratio(-0.1), .ratio(.nan),
      ] {
        #expect(
          throws: PruningError.self, "\(budget)", performing: { try kept(budget, scope) })
      }
    }
  }

  @Test func scoresForAnotherModelAreRefused() {
    for values in [[], [[1, 2, 3], [1]], [[1, 2], [1], [1, 2, 3, 4]]] as [[[Float]]] {
      #expect(
        throws: PruningError.otherModel(
          expected: "heads [3, 1, 4]", found: "scores of \(values.map(\.count))")
      ) { try kept(.count(1), values: values) }
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func scoresThatAreNotFiniteAreRefused(value: Float) {
    #expect(throws: PruningError.invalidScore(unit: .heads, row: 2, index: 3)) {
      try kept(.count(1), values: [[1, 2, 3], [1], [1, 2, 3, value]])
    }
  }
}

/// The same for every kind of unit.
@Suite struct PlannerUnitTests {
  /// Each score is the unit's place in a shuffled order of all.
  private func scores(_ unit: PruningUnit) -> ImportanceScores {
    var stream = RandomStream(6)
    let counts = unit.counts(in: .uneven)
    var order = stream.permutation(counts.reduce(0, +))[...]
    return ImportanceScores(
      unit: unit, criterion: .random,
      values: counts.map { count in (0..<count).map { _ in Float(order.removeFirst()) } })
  }

  private func left(_ plan: PruningPlan, _ unit: PruningUnit) -> Int {
    unit.counts(in: plan.applied(to: .uneven)).reduce(0, +)
  }

  @Test(arguments: PruningUnit.allCases, RankingScope.allCases)
  func asManyGoAsAskedAndNothingElse(unit: PruningUnit, scope: RankingScope) throws {
    let total = unit.counts(in: .uneven).reduce(0, +)
    let keepsOne = unit == .channels || unit == .tokens
    for count in 0...total where count < total || !keepsOne {
      let plan = try Planner(removing: .count(count), scope: scope)
        .plan(scores(unit), for: .uneven)
      try plan.validate(for: .uneven)
      #expect(left(plan, unit) == total - count)
      for other in PruningUnit.allCases where other != unit && unit != .layers {
        #expect(other.counts(in: plan.applied(to: .uneven)) == other.counts(in: .uneven))
      }
    }
  }

  @Test(arguments: [PruningUnit.layers, .heads, .neurons, .channels])
  func whatStaysMattersMoreThanWhatGoes(unit: PruningUnit) throws {
    let scores = scores(unit)
    let plan = try Planner(removing: .ratio(0.4)).plan(scores, for: .uneven)
    let gates = Gates(closedBy: plan, of: .uneven)
    let closed = Fixture.places(unit).filter { gates[$0] == 0 }
      .map { scores.values[$0.row][$0.index] }
    let count = Int((0.4 * Double(Fixture.places(unit).count)).rounded())
    #expect(closed.sorted() == (0..<count).map(Float.init))
  }

  @Test func wholeLayersCompeteInEitherScope() throws {
    let scores = ImportanceScores(
      unit: .layers, criterion: .random, values: [[5], [1], [4], [2], [3]])
    for scope in RankingScope.allCases {
      let plan = try Planner(removing: .count(2), scope: scope).plan(scores, for: .uneven)
      #expect(plan.layers.map(\.index) == [0, 2, 4])
    }
  }

  @Test(arguments: [PruningUnit.channels, .tokens], RankingScope.allCases)
  func theLastChannelAndTokenCannotGo(unit: PruningUnit, scope: RankingScope) throws {
    let plan = try Planner(removing: .ratio(1), scope: scope).plan(scores(unit), for: .uneven)
    #expect(throws: PruningError.self) { try Fixture.model.pruned(by: plan) }
  }

  @Test func onePlanCanCutSeveralKinds() throws {
    var plan = PruningPlan(keepingAllOf: .uneven)
    for unit in PruningUnit.allCases {
      try Planner(removing: .count(1)).remove(from: &plan, scores(unit), for: .uneven)
    }
    try plan.validate(for: .uneven)
    #expect(plan.layers.count == 4 && plan.channels.count == 23 && plan.tokens?.count == 36)
  }
}

@Suite struct PruningBudgetTests {
  @Test func aPointTellsARatioFromACount() throws {
    #expect(try PruningBudget("0.4") == .ratio(0.4))
    #expect(try PruningBudget("12") == .count(12))
    #expect(try PruningBudget("1") == .count(1))
    #expect(try PruningBudget("1.0") == .ratio(1))
    #expect(try PruningBudget("0") == .count(0))
  }

  @Test(arguments: ["1.5", "-3", "-0.5", "nan", "half", "", "40%", "1e-1", "99999999999999999999"])
  func otherTextIsRefusedByName(text: String) {
    do throws(PruningError) {
      _ = try PruningBudget(text)
      Issue.record("\(text) was taken")
    } catch {
      #expect("\(error)".hasSuffix("found \(text)") && "\(error)".contains("expected a ratio"))
    }
  }
}
