import Encoders
import Pruning
import Tensors
import TestSupport
import Testing
import Training

@Suite struct SurgeryTests {
  /// The law of the package: 32-bit sums in another order differ by about 1e-6.
  private let limit: Float = 1e-4

  /// The largest difference of a logit between closed gates and cut heads.
  private func difference(_ plan: PruningPlan) throws -> Float {
    let cut = try Fixture.model.pruned(by: plan)
    #expect(cut.configuration.layers.map(\.headCount) == plan.layers.map(\.heads.count))
    let gated = Fixture.model.forward(
      Fixture.batch, options: ForwardOptions(gates: Gates(closedBy: plan)), on: Fixture.device)
    return largestDifference(
      gated.logits, cut.forward(Fixture.batch, on: Fixture.device).logits)
  }

  @Test func closingAGateEqualsCuttingForEveryHead() throws {
    let open = Fixture.model.forward(Fixture.batch, on: Fixture.device).logits
    for head in Fixture.heads {
      let plan = PruningPlan.without([head])
      #expect(try difference(plan) < limit, "layer \(head.layer), head \(head.head)")
      // The test would prove nothing if heads did not matter.
      let cut = try Fixture.model.pruned(by: plan).forward(Fixture.batch, on: Fixture.device)
      #expect(largestDifference(open, cut.logits) > 100 * limit)
    }
  }

  @Test(arguments: 0..<24)
  func closingGatesEqualsCuttingForRandomSets(seed: UInt64) throws {
    var stream = RandomStream(seed, 77)
    let chosen = Fixture.heads.filter { _ in Bool.random(using: &stream) }
    #expect(try difference(.without(chosen)) < limit)
  }

  @Test func closingGatesEqualsCuttingForWholeLayersAndForAllHeads() throws {
    for layer in Fixture.headCounts.indices {
      #expect(try difference(.without(Fixture.heads.filter { $0.layer == layer })) < limit)
    }
    let all = PruningPlan.without(Fixture.heads)
    #expect(try difference(all) < limit)
    #expect(try Fixture.model.pruned(by: all).configuration.headCount == 0)
  }

  @Test func oneHeadOfALayerCanStay() throws {
    for head in Fixture.heads {
      let others = Fixture.heads.filter { $0 != head }
      #expect(try difference(.without(others)) < limit)
    }
  }

  @Test func keepingAllIsIdentityBitForBit() throws {
    #expect(try Fixture.model.pruned(by: .without([])) == Fixture.model)
  }

  @Test(arguments: 0..<16)
  func oneCutAfterAnotherIsTheCutOfBoth(seed: UInt64) throws {
    var stream = RandomStream(seed, 78)
    let first = PruningPlan.without(
      Fixture.heads.filter { _ in Int.random(in: 0..<3, using: &stream) == 0 })
    let once = try Fixture.model.pruned(by: first)
    var second = PruningPlan(keepingAllOf: once.configuration)
    for layer in second.layers.indices {
      second.layers[layer].heads.removeAll { _ in Bool.random(using: &stream) }
    }
    let both = try first.followed(by: second)
    #expect(both.headCount == second.headCount)
    #expect(try once.pruned(by: second) == Fixture.model.pruned(by: both))
  }

  @Test func onlyAttentionShrinksAndTheRestIsShared() throws {
    let cut = try Fixture.model.pruned(by: .without([(0, 1), (4, 0)]))
    let hidden = EncoderConfiguration.uneven.hiddenSize
    #expect(cut.layers[0].attention.queryKeyValue.weight.shape == [3 * 2 * 5, hidden])
    #expect(cut.layers[0].attention.output.weight.shape == [hidden, 2 * 5])
    #expect(cut.layers[1] == Fixture.model.layers[1])
    #expect(cut.layers[0].feedForward == Fixture.model.layers[0].feedForward)
    #expect(cut.embeddings == Fixture.model.embeddings)
    let perHead = 3 * 5 * (hidden + 1) + hidden * 5
    #expect(cut.parameterCount == Fixture.model.parameterCount - 2 * perHead)
    #expect(
      cut.configuration.cost(sequenceLength: 8).parameters.total == cut.parameterCount)
  }

  @Test func aCutModelCanBeTrainedOn() throws {
    var cut = try Fixture.model.pruned(by: .without(Fixture.heads.filter { $0.layer != 4 }))
    var options = TrainingOptions()
    (options.epochs, options.batchSize, options.learningRate) = (2, 4, 1e-3)
    let before = cut
    try Trainer(options, on: Fixture.device).train(
      &cut, on: TrainingData(training: try Fixture.examples(8), validation: []),
      objective: CrossEntropy())
    #expect(cut.configuration == before.configuration && cut != before)
  }

  @Test func wrongPlansAreRefusedBeforeAnythingIsCut() throws {
    let keep = PruningPlan(keepingAllOf: .uneven)
    var other = keep
    other.layers.removeLast()
    var larger = keep
    larger.layers[0].headCount = 4
    for plan in [other, larger, PruningPlan(keepingAllOf: .flat)] {
      guard case .otherModel = error(plan) else {
        Issue.record("\(String(describing: error(plan)))")
        continue
      }
    }
    for heads in [[0, 0], [1, 0], [2, 1, 0]] {
      var twice = keep
      twice.layers[0].heads = heads
      guard case .invalidPlan(layer: 0, let reason) = error(twice) else {
        Issue.record("\(heads): \(String(describing: error(twice)))")
        continue
      }
      #expect(reason.contains("each once"))
    }
    for (layer, head) in [(0, 3), (2, 0), (4, -1), (4, Int.max)] {
      var outside = keep
      outside.layers[layer].heads = [head]
      guard case .invalidPlan(layer: layer, let reason) = error(outside) else {
        Issue.record("\(head): \(String(describing: error(outside)))")
        continue
      }
      #expect(reason.contains("head \(head) is not there"))
    }
  }

  private func error(_ plan: PruningPlan) -> PruningError? {
    do throws(PruningError) { _ = try Fixture.model.pruned(by: plan) } catch { return error }
    return nil
  }
}

@Suite struct GateCheckTests {
  private let plan = PruningPlan.without([(0, 2), (3, 1)])

  private func check(
    _ model: DenseClassifier, _ pruned: DenseClassifier
  ) -> Result<Float, PruningError> {
    Result { () throws(PruningError) in
      try GateCheck.check(model, plan, pruned, on: Fixture.batch, device: Fixture.device)
    }
  }

  @Test func aSoundCutPasses() throws {
    let difference = try check(Fixture.model, try Fixture.model.pruned(by: plan)).get()
    #expect(difference < GateCheck.limit)
  }

  @Test func anotherCutBreaksTheLaw() throws {
    let other = try Fixture.model.pruned(by: .without([(0, 1), (3, 1)]))
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
