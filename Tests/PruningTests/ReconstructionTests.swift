import Encoders
import Pruning
import Tensors
import TestSupport
import Testing
import Training

@Suite struct ReconstructionTests {
  private let batches: [LabeledBatch]

  /// More tokens than any layer has neurons.
  init() throws { batches = Fixture.batches(try Fixture.examples(60), of: 16) }

  /// The root of the mean square by which logits differ, as a share of their deviation.
  private func distance(_ model: DenseClassifier, _ other: DenseClassifier) -> Double {
    var (squares, total, sum, count) = (0.0, 0.0, 0.0, 0.0)
    for batch in batches {
      let found = model.forward(batch.tokens, on: Fixture.device).logits.elements
      let expected = other.forward(batch.tokens, on: Fixture.device).logits.elements
      for (a, b) in zip(found, expected) {
        squares += Double(a - b) * Double(a - b)
        total += Double(b) * Double(b)
        sum += Double(b)
        count += 1
      }
    }
    return (squares / max(total - sum * sum / count, 1e-30)).squareRoot()
  }

  private func fitted(
    _ whole: DenseClassifier, _ plan: PruningPlan, damping: Double = 0.01
  ) throws -> DenseClassifier {
    var pruned = try whole.pruned(by: plan)
    var reconstructor = Reconstructor(on: batches, device: Fixture.device)
    reconstructor.damping = damping
    try reconstructor.fit(&pruned, to: whole, cutBy: plan)
    return pruned
  }

  @Test func aModelThatLostNothingStaysAsItIs() throws {
    for damping in [0.01, 1e-6] {
      let same = try fitted(
        Fixture.model, PruningPlan(keepingAllOf: .uneven), damping: damping)
      #expect(distance(same, Fixture.model) < 1e-3)
      #expect(same.configuration == .uneven)
    }
  }

  /// Units in pairs that compute the same and are weighted differently: one of each pair can do the
  /// work of both.
  private func paired() -> DenseClassifier {
    var model = DenseClassifier.random(
      EncoderConfiguration(
        vocabularySize: 37, hiddenSize: 24, maximumPositions: 40, labelCount: 3,
        layers: Array(
          repeating: LayerShape(headCount: 4, headSize: 3, intermediateSize: 10), count: 3)),
      seed: 8)
    for index in model.layers.indices {
      let heads = (0..<36).map { $0 / 6 * 6 + $0 % 3 }
      let old = model.layers[index].attention.queryKeyValue
      model.layers[index].attention.queryKeyValue = Linear(
        weight: old.weight.rows(at: heads), bias: old.bias.rows(at: heads))
      let neurons = (0..<10).map { $0 / 2 * 2 }
      let up = model.layers[index].feedForward.up
      model.layers[index].feedForward.up = Linear(
        weight: up.weight.rows(at: neurons), bias: up.bias.rows(at: neurons))
    }
    return model
  }

  @Test func oneOfTwoEqualUnitsDoesTheWorkOfBoth() throws {
    let whole = paired()
    for places in [
      whole.layers.indices.flatMap { layer in
        stride(from: 1, to: 10, by: 2).map { GatePlace.neuron(layer: layer, $0) }
      }, whole.layers.indices.flatMap { [.head(layer: $0, 1), .head(layer: $0, 2)] },
    ] {
      let plan = PruningPlan.without(places, of: whole.configuration)
      let fitted = try fitted(whole, plan, damping: 1e-7)
      #expect(distance(try whole.pruned(by: plan), whole) > 0.1)
      #expect(distance(fitted, whole) < 1e-3)
    }
  }

  @Test(
    arguments: [
      [.layer(1)], [.layer(0), .layer(2)],
      [.channel(1), .channel(7), .channel(20)],
      [.head(layer: 0, 0), .head(layer: 4, 1), .neuron(layer: 0, 2), .neuron(layer: 4, 3)],
      [.head(layer: 1, 0), .layer(2), .channel(3), .neuron(layer: 1, 0)],
    ] as [[GatePlace]])
  func fittedModelsAreCloserToTheWhole(places: [GatePlace]) throws {
    let plan = PruningPlan.without(places)
    let cut = try Fixture.model.pruned(by: plan)
    let fitted = try fitted(Fixture.model, plan)
    #expect(fitted.configuration == cut.configuration)
    let (before, after) = (distance(cut, Fixture.model), distance(fitted, Fixture.model))
    #expect(after < before, "\(before) became \(after)")
  }

  /// Each layer is fitted to its own sums: what is cut above the last that stays has nobody to
  /// repair it.
  @Test(arguments: [[4], [3, 4]])
  func layersCutAtTheTopAreNotRepaired(layers: [Int]) throws {
    let plan = PruningPlan.without(layers.map { .layer($0) })
    #expect(
      distance(try fitted(Fixture.model, plan), try Fixture.model.pruned(by: plan)) < 1e-3)
  }

  @Test func onlyProjectionsOutOfEachHalfChange() throws {
    let plan = PruningPlan.without([.head(layer: 0, 0), .neuron(layer: 1, 2)])
    let cut = try Fixture.model.pruned(by: plan)
    let fitted = try fitted(Fixture.model, plan)
    for (new, old) in zip(fitted.parameters, cut.parameters) {
      let isFitted =
        new.name.contains("attention.output") || new.name.contains("feedForward.down")
      #expect(isFitted || new.tensor == old.tensor, "\(new.name)")
    }
  }

  @Test func emptyModelsHaveNothingToFit() throws {
    let none = PruningPlan.without(Fixture.places(.layers))
    #expect(try fitted(Fixture.model, none) == Fixture.model.pruned(by: none))
    let hollow = PruningPlan.without(Fixture.places(.heads) + Fixture.places(.neurons))
    let cut = try Fixture.model.pruned(by: hollow)
    #expect(try fitted(Fixture.model, hollow).configuration == cut.configuration)
  }

  @Test func itHearsOfEveryLayerOfTheWholeModel() throws {
    var pruned = try Fixture.model.pruned(by: .without([.layer(2)]))
    var layers: [Int] = []
    try Reconstructor(on: batches, device: Fixture.device).fit(
      &pruned, to: Fixture.model, cutBy: .without([.layer(2)])
    ) { layers.append($0) }
    #expect(layers == [1, 2, 3, 4, 5])
  }

  @Test func withoutExamplesThereIsNothingToFitTo() throws {
    var pruned = Fixture.model
    #expect(throws: PruningError.noReconstructionData) {
      try Reconstructor(on: [], device: Fixture.device).fit(
        &pruned, to: Fixture.model, cutBy: PruningPlan(keepingAllOf: .uneven))
    }
  }
}
