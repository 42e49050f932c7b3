import Encoders
import Pruning
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
        #expect(plan.headCount == 0)
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
    #expect(throws: PruningError.invalidScore(layer: 2, unit: 3)) {
      try kept(.count(1), values: [[1, 2, 3], [1], [1, 2, 3, value]])
    }
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
