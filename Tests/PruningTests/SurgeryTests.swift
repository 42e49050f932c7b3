import Encoders
import Pruning
import Tensors
import TestSupport
import Testing
import Text
import Training

@Suite struct SurgeryTests {
  /// The law of the package: 32-bit sums in another order differ by about 1e-6.
  private let limit: Float = 1e-4

  private func logits(_ model: DenseClassifier) -> Tensor {
    model.forward(Fixture.batch, on: Fixture.device).logits
  }

  /// The largest difference of a logit between closed gates and cut units.
  private func difference(_ places: [GatePlace]) throws -> Float {
    let plan = PruningPlan.without(places)
    let cut = try Fixture.model.pruned(by: plan)
    #expect(cut.configuration == plan.applied(to: .uneven))
    let gated = Fixture.model.forward(
      Fixture.batch, options: ForwardOptions(gates: Gates(closing: places)), on: Fixture.device)
    return largestDifference(gated.logits, logits(cut))
  }

  @Test(arguments: Fixture.gatedUnits)
  func closingAGateEqualsCuttingForEveryUnit(unit: PruningUnit) throws {
    let open = logits(Fixture.model)
    var effects: [Float] = []
    for place in Fixture.places(unit) {
      #expect(try difference([place]) < limit, "\(place)")
      let cut = try Fixture.model.pruned(by: .without([place]))
      effects.append(largestDifference(open, logits(cut)))
    }
    // The test would prove nothing if units did not matter.
    #expect(effects.count { $0 > 10 * limit } > effects.count / 2, "\(effects)")
  }

  @Test(arguments: 0..<32)
  func closingGatesEqualsCuttingForRandomSetsOfAllKinds(seed: UInt64) throws {
    var stream = RandomStream(seed, 77)
    let share = stream.uniform()
    let chosen = Fixture.places.filter { place in
      // Layers go more rarely, so that there is something left to cut in them.
      stream.uniform() < (place.unit == .layers ? share / 3 : share) && place != .channel(5)
    }
    #expect(try difference(chosen) < limit)
  }

  @Test func closingGatesEqualsCuttingForAllOfALayer() throws {
    for layer in EncoderConfiguration.uneven.layers.indices {
      let inside = Fixture.places.filter { $0.row == layer }
      let heads = inside.filter { $0.unit == .heads }
      let neurons = inside.filter { $0.unit == .neurons }
      for places in [heads, neurons, heads + neurons] { #expect(try difference(places) < limit) }
    }
  }

  @Test func closingGatesEqualsCuttingForAllOfAKind() throws {
    for unit in [PruningUnit.layers, .heads, .neurons] {
      #expect(try difference(Fixture.places(unit)) < limit)
      for place in Fixture.places(unit) {
        #expect(try difference(Fixture.places(unit).filter { $0 != place }) < limit)
      }
    }
    let all = try Fixture.model.pruned(by: .without(Fixture.places(.layers)))
    #expect(all.configuration.layers.isEmpty)
  }

  @Test func oneChannelCanStay() throws {
    for place in Fixture.places(.channels) {
      #expect(try difference(Fixture.places(.channels).filter { $0 != place }) < limit)
    }
  }

  @Test func aModelWithoutSomeTokensReadsTheOthersAsBefore() throws {
    let kept = EncoderConfiguration.uneven.vocabularySize / 2
    let plan = PruningPlan.keepingTokens((0..<kept).map { 2 * $0 + 1 })
    var batch = Fixture.batch
    batch.ids = batch.ids.map { ($0 * 2 + 1) % Int32(2 * kept) }
    let cut = try Fixture.model.pruned(by: plan)
    #expect(cut.configuration.vocabularySize == kept)
    var newBatch = batch
    newBatch.ids = batch.ids.map { $0 / 2 }
    #expect(
      cut.forward(newBatch, on: Fixture.device).logits
        == Fixture.model.forward(batch, on: Fixture.device).logits)
  }

  @Test func keepingAllIsIdentityAndSharesTheMemory() throws {
    var copy = try Fixture.model.pruned(by: .without([]))
    #expect(copy == Fixture.model)
    for (new, old) in zip(copy.parameters, Fixture.model.parameters) {
      #expect(new.tensor.sharesMemory(with: old.tensor), "\(new.name)")
    }
    #expect(try copy.pruned(by: .keepingTokens(Array(0..<37))) == Fixture.model)
    copy.classifier.bias[0] += 1
    #expect(copy != Fixture.model)
  }

  @Test(arguments: 0..<16)
  func oneCutAfterAnotherIsTheCutOfBoth(seed: UInt64) throws {
    var stream = RandomStream(seed, 78)
    func cut(_ configuration: EncoderConfiguration) -> PruningPlan {
      var plan = PruningPlan.without(
        GatePlace.all(of: configuration).filter { place in
          stream.uniform() < (place.unit == .layers ? 0.15 : 0.3) && place != .channel(0)
        }, of: configuration)
      if Bool.random(using: &stream) {
        plan.tokens = (0..<configuration.vocabularySize).filter { _ in stream.uniform() < 0.9 }
      }
      return plan
    }
    let first = cut(.uneven)
    let once = try Fixture.model.pruned(by: first)
    let second = cut(once.configuration)
    let both = try first.followed(by: second)
    try both.validate(for: .uneven)
    #expect(try once.pruned(by: second) == Fixture.model.pruned(by: both))
    #expect(try first.followed(by: PruningPlan(keepingAllOf: once.configuration)) == first)
    #expect(try PruningPlan(keepingAllOf: .uneven).followed(by: first) == first)
  }

  @Test func onlyWhatIsCutShrinksAndTheRestIsShared() throws {
    let cut = try Fixture.model.pruned(
      by: .without([.head(layer: 0, 1), .neuron(layer: 1, 3), .layer(2)]))
    let hidden = EncoderConfiguration.uneven.hiddenSize
    #expect(cut.layers[0].attention.queryKeyValue.weight.shape == [3 * 2 * 5, hidden])
    #expect(cut.layers[0].attention.output.weight.shape == [hidden, 2 * 5])
    #expect(cut.layers[0].feedForward == Fixture.model.layers[0].feedForward)
    #expect(cut.layers[1].attention == Fixture.model.layers[1].attention)
    #expect(cut.layers[1].feedForward.up.weight.shape == [8, hidden])
    #expect(cut.layers[1].feedForward.down.weight.shape == [hidden, 8])
    #expect(cut.layers[2...].elementsEqual(Fixture.model.layers[3...]))
    #expect(cut.embeddings == Fixture.model.embeddings)
    let perHead = 3 * 5 * (hidden + 1) + hidden * 5
    let perNeuron = 2 * hidden + 1
    let layer = Fixture.model.layers[2].parameterCount
    #expect(
      cut.parameterCount == Fixture.model.parameterCount - perHead - perNeuron - layer)
    #expect(
      cut.configuration.cost(sequenceLength: 8).parameters.total == cut.parameterCount)
  }

  @Test func aCutModelCanBeTrainedOn() throws {
    var cut = try Fixture.model.pruned(
      by: .without(
        [.layer(1), .channel(3), .channel(20)] + Fixture.places(.heads).filter { $0.row != 4 }))
    var options = TrainingOptions()
    (options.epochs, options.batchSize, options.learningRate) = (2, 4, 1e-3)
    let before = cut
    try Trainer(options, on: Fixture.device).train(
      &cut, on: TrainingData(training: try Fixture.examples(8), validation: []),
      objective: CrossEntropy())
    #expect(cut.configuration == before.configuration && cut != before)
  }
}

extension PruningPlan {
  /// All of the fixture's model but its other tokens.
  static func keepingTokens(_ tokens: [Int]) -> PruningPlan {
    var plan = PruningPlan(keepingAllOf: .uneven)
    plan.tokens = tokens
    return plan
  }
}
