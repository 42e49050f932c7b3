import Encoders
import Pruning
import TestSupport
import Testing

@Suite struct PruningPlanTests {
  private let keep = PruningPlan(keepingAllOf: .uneven)

  private func error(_ change: (inout PruningPlan) -> Void) -> PruningError? {
    var plan = keep
    change(&plan)
    do throws(PruningError) { _ = try Fixture.model.pruned(by: plan) } catch { return error }
    return nil
  }

  private func reason(_ change: (inout PruningPlan) -> Void) -> String {
    guard case .invalidPlan(let reason) = error(change) else { return "none" }
    return reason
  }

  @Test func plansForOtherModelsAreRefused() {
    for change in [
      { $0.sizes.layers.removeLast() }, { $0.sizes.layers[0].headCount = 4 },
      { $0.sizes.layers[0].headSize = 4 }, { $0.sizes.hiddenSize = 25 },
      { $0.sizes.vocabularySize = 3 }, { $0 = PruningPlan(keepingAllOf: .flat) },
    ] as [(inout PruningPlan) -> Void] {
      guard case .otherModel(let expected, let found) = error(change) else {
        Issue.record("\(String(describing: error(change)))")
        continue
      }
      #expect(expected != found)
    }
  }

  @Test func unitsThatAreNotThereAreNamed() {
    for index in [5, -1, Int.max, Int.min] {
      #expect(reason { $0.layers[0].index = index }.contains("layers: \(index) is not there"))
      let heads = reason { $0.layers[4].heads = [index] }
      #expect(heads.hasPrefix("layer 4: heads: \(index) is not there; there are 2"))
    }
    #expect(reason { $0.layers[2].heads = [0] }.contains("there are 0"))
    #expect(reason { $0.layers[1].neurons = [9] }.hasPrefix("layer 1: neurons: 9 is not there"))
    #expect(reason { $0.channels = [24] }.hasPrefix("channels: 24 is not there"))
    #expect(reason { $0.tokens = [0, 37] }.hasPrefix("tokens: 37 is not there"))
  }

  @Test func unitsOutOfOrderOrTwiceAreNamed() {
    for places in [[0, 0], [1, 0], [0, 2, 1]] {
      #expect(reason { $0.layers[0].heads = places }.contains("each once"))
      #expect(reason { $0.layers[0].neurons = places }.contains("layer 0: neurons"))
      #expect(reason { $0.channels = places }.contains("channels: expected ascending"))
      #expect(reason { $0.tokens = places }.contains("tokens: expected ascending"))
    }
    #expect(reason { $0.layers.swapAt(0, 1) }.contains("layers: expected ascending"))
    #expect(reason { $0.layers[1] = $0.layers[0] }.contains("found 0 before 0"))
  }

  @Test func aChannelAndATokenMustStay() {
    #expect(reason { $0.channels = [] }.contains("no channels stay"))
    #expect(reason { $0.tokens = [] }.contains("no tokens stay"))
    #expect(error { $0.layers = [] } == nil)
  }

  @Test func removingTakesWhatIsThereAndOnlyOnce() {
    var plan = keep
    for _ in 0..<2 {
      plan.remove(.heads, [(0, 1), (4, 0)])
      plan.remove(.neurons, [(1, 8), (1, 0)])
      plan.remove(.channels, [(0, 23)])
      plan.remove(.tokens, [(0, 0), (0, 36)])
      plan.remove(.layers, [(2, 0)])
    }
    #expect(plan.layers.map(\.index) == [0, 1, 3, 4])
    #expect(plan.layers.map(\.heads) == [[0, 2], [0], [0, 1], [1]])
    #expect(plan.layers[1].neurons == Array(1...7))
    #expect(plan.channels == Array(0..<23) && plan.tokens == Array(1...35))
    plan.remove(.heads, [(2, 0)])  // of a layer that is gone
    #expect(plan.layers.count == 4)
  }

  @Test func plansThatDoNotFollowEachOtherAreRefused() throws {
    for place in [GatePlace.layer(1), .head(layer: 0, 1), .neuron(layer: 0, 1), .channel(3)] {
      #expect(throws: PruningError.self) { try PruningPlan.without([place]).followed(by: keep) }
    }
    #expect(throws: PruningError.self) { try PruningPlan.keepingTokens([1]).followed(by: keep) }
  }
}
