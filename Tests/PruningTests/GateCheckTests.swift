import Encoders
import Pruning
import Tensors
import TestSupport
import Testing
import Text

@Suite struct GateCheckTests {
  private let plan = PruningPlan.without([
    .head(layer: 0, 2), .head(layer: 3, 1), .neuron(layer: 0, 7), .channel(11), .layer(1),
  ])

  private func check(
    _ model: DenseClassifier, _ pruned: DenseClassifier
  ) -> Result<Float, PruningError> {
    Result { () throws(PruningError) in
      try GateCheck.check(model, plan, pruned, on: Fixture.batch, device: Fixture.device)
    }
  }

  @Test func aPlanClosesWhatItCuts() {
    #expect(
      Gates(closedBy: PruningPlan(keepingAllOf: .uneven), of: .uneven) == Gates(open: .uneven))
    for place in Fixture.places where place.unit != .layers {
      #expect(Gates(closedBy: .without([place]), of: .uneven) == Gates(closing: [place]))
    }
    #expect(Gates(closedBy: .without([.layer(3)]), of: .uneven) == Gates(closing: [.layer(3)]))
  }

  @Test func aSoundCutPasses() throws {
    let difference = try check(Fixture.model, try Fixture.model.pruned(by: plan)).get()
    #expect(difference < GateCheck.limit)
  }

  @Test func aCutOfTokensPassesOnTextsThatHaveTheOthers() throws {
    let kept = Set(Fixture.batch.ids.map(Int.init)).sorted()
    let plan = PruningPlan.keepingTokens(kept)
    let difference = try GateCheck.check(
      Fixture.model, plan, try Fixture.model.pruned(by: plan), on: Fixture.batch,
      device: Fixture.device)
    #expect(kept.count < 37 && difference == 0)
  }

  @Test func anotherCutBreaksTheLaw() throws {
    let other = try Fixture.model.pruned(
      by: .without([
        .head(layer: 0, 1), .head(layer: 3, 1), .neuron(layer: 0, 7), .channel(11), .layer(1),
      ]))
    guard case .failure(.lawBroken(let difference, GateCheck.limit)) = check(Fixture.model, other)
    else {
      Issue.record("a wrong cut passed")
      return
    }
    #expect(difference > GateCheck.limit)
  }

  /// One NaN among many sound logits is a difference, wherever it stands.
  @Test func aNaNOfTheCutModelBreaksTheLaw() throws {
    for label in 0..<3 {
      var broken = try Fixture.model.pruned(by: plan)
      broken.classifier.bias[label] = .nan
      guard case .failure(.lawBroken) = check(Fixture.model, broken) else {
        Issue.record("NaN for label \(label) passed")
        continue
      }
    }
  }

  @Test func aDamagedModelIsNamedAsSuch() throws {
    var broken = Fixture.model
    broken.classifier.weight[1] = .nan
    let cut = try broken.pruned(by: plan)
    guard case .failure(.notFinite) = check(broken, cut) else {
      Issue.record("\(check(broken, cut))")
      return
    }
  }
}
