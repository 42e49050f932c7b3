import Encoders
import Foundation
import Pruning
import Tensors
import TestSupport
import Testing
import Training

/// Keeps what a criterion is shown.
private struct Recorder: ImportanceCriterion {
  private(set) var gateGradients: [[[Float]]] = []  // [layer][example][head]
  private(set) var losses: [Float] = []

  var observes: Observations { .gateGradients }

  mutating func observe(_ step: CalibrationStep) {
    if gateGradients.isEmpty {
      gateGradients = step.gateGradients.map { _ in [] }
    }
    for (layer, gradient) in step.gateGradients.enumerated() {
      gateGradients[layer] += (0..<gradient.shape[0]).map { gradient.row($0) }
    }
    losses.append(step.loss)
  }

  func scores(of model: DenseClassifier) -> ImportanceScores {
    ImportanceScores(unit: .heads, criterion: .gateGradient, values: [])
  }
}

@Suite struct GateGradientTests {
  /// Scores are means of 32-bit results: one rounding is 6e-8, and products are blocked differently.
  private let orderTolerance = 1e-6

  /// The loss of one example as a function of one gate.
  private func loss(_ example: LabeledSequence, layer: Int, head: Int, gate: Float) -> Double {
    var gates = Gates(open: .uneven)
    gates.heads[layer][head] = gate
    let batch = LabeledBatch([example])
    let logits = Fixture.model.forward(
      batch.tokens, options: ForwardOptions(gates: gates), on: Fixture.device
    ).logits
    return -logSoftmax(logits.row(0))[example.label]
  }

  /// The derivative at an open gate, by a stencil of fourth order: with this step the error of
  /// truncation is about as large as that of 32-bit rounding.
  private func slope(_ example: LabeledSequence, layer: Int, head: Int) -> Double {
    func loss(_ gate: Float) -> Double { self.loss(example, layer: layer, head: head, gate: gate) }
    let step: Float = 1.0 / 32
    let near = loss(1 + step) - loss(1 - step)
    let far = loss(1 + 2 * step) - loss(1 - 2 * step)
    return (8 * near - far) / (12 * Double(step))
  }

  /// 32-bit losses, divided by a step of 1/32, and a stencil that is not exact.
  private let slopeTolerance = 2e-3

  @Test func gateGradientsEqualCentralDifferencesOfEachExamplesOwnLoss() throws {
    let examples = try Fixture.examples(5)
    var criteria: [any ImportanceCriterion] = [Recorder(), Criterion.gateGradient.make(seed: 0)]
    calibrate(
      &criteria, on: Fixture.batches(examples, of: 3), through: Fixture.model,
      device: Fixture.device)
    let found = try #require(criteria[0] as? Recorder).gateGradients
    let scores = try criteria[1].scores(of: Fixture.model).values

    var foundSlopes: [Double] = []
    var slopes: [Double] = []
    var foundScores: [Double] = []
    var means: [Double] = []
    for (layer, head) in Fixture.heads {
      let own = examples.map { slope($0, layer: layer, head: head) }
      slopes += own
      foundSlopes += found[layer].map { Double($0[head]) }
      means.append(own.reduce(0) { $0 + abs($1) } / Double(own.count))
      foundScores.append(Double(scores[layer][head]))
    }
    #expect(relativeDifference(foundSlopes, slopes) < slopeTolerance)
    #expect(relativeDifference(foundScores, means) < slopeTolerance)
    #expect(found.map(\.count) == Fixture.headCounts.map { _ in examples.count })
    #expect(scores.map(\.count) == Fixture.headCounts)
  }

  @Test(arguments: [1, 3, 7, 24])
  func scoresDoNotDependOnBatchSizeOrOrder(size: Int) throws {
    let examples = try Fixture.examples(24)
    let expected = try Fixture.scores(.gateGradient, on: Fixture.batches(examples, of: 24))
    var stream = RandomStream(UInt64(size), 5)
    for order in [examples, examples.reversed(), examples.shuffled(using: &stream)] {
      let found = try Fixture.scores(.gateGradient, on: Fixture.batches(order, of: size))
      #expect(
        relativeDifference(
          found.values.joined().map(Double.init), expected.values.joined().map(Double.init))
          < orderTolerance)
    }
  }

  @Test func scoresDoNotDependOnThreads() throws {
    let batches = Fixture.batches(try Fixture.examples(12), of: 5)
    let alone = try Fixture.scores(.gateGradient, on: batches, device: Device(threads: 1))
    #expect(try Fixture.scores(.gateGradient, on: batches, device: Device(threads: 3)) == alone)
  }
}

@Suite struct AblationTests {
  /// Two means of 32-bit losses are subtracted: 1e-7 of the losses, which are about 1.
  private let tolerance: Double = 2e-6

  @Test func ablationIsTheRiseOfTheLossWhenTheGateIsClosed() throws {
    let examples = try Fixture.examples(10)
    func meanLoss(_ gates: Gates?) -> Double {
      let batch = LabeledBatch(examples)
      let logits = Fixture.model.forward(
        batch.tokens, options: ForwardOptions(gates: gates), on: Fixture.device
      ).logits
      let losses = examples.indices.map { -logSoftmax(logits.row($0))[examples[$0].label] }
      return losses.reduce(0, +) / Double(losses.count)
    }
    let scores = try Fixture.scores(.ablation, on: Fixture.batches(examples, of: 4))
    let open = meanLoss(nil)
    for head in Fixture.heads {
      let closed = meanLoss(Gates(closedBy: .without([head])))
      #expect(abs(Double(scores.values[head.layer][head.head]) - (closed - open)) < tolerance)
    }
    #expect(scores.criterion == .ablation && scores.values.map(\.count) == Fixture.headCounts)
  }

  @Test func batchSizeDoesNotMatter() throws {
    let examples = try Fixture.examples(10)
    let one = try Fixture.scores(.ablation, on: Fixture.batches(examples, of: 1))
    let all = try Fixture.scores(.ablation, on: Fixture.batches(examples, of: 10))
    for (a, b) in zip(one.values.joined(), all.values.joined()) {
      #expect(abs(Double(a) - Double(b)) < tolerance)
    }
  }
}

@Suite struct MagnitudeTests {
  /// Two heads of size 1 in a hidden size of 2: rows 0 and 1 are queries, 2 and 3 keys, 4 and 5
  /// values, of heads 0 and 1.
  @Test func magnitudeIsTheNormOfAHeadsWeights() throws {
    let configuration = EncoderConfiguration(
      vocabularySize: 9, hiddenSize: 2, maximumPositions: 8,
      layers: [
        LayerShape(headCount: 2, headSize: 1, intermediateSize: 3),
        LayerShape(headCount: 0, headSize: 1, intermediateSize: 3),
      ])
    var model = DenseClassifier(configuration, seed: 1)
    let rows: [Float] = [1, 0, 10, 0, 2, 0, 0, 10, 0, 2, 10, 10]
    model.layers[0].attention.queryKeyValue.weight = Tensor(rows, shape: [6, 2])
    model.layers[0].attention.output.weight = Tensor([4, 0, 0, 0], shape: [2, 2])
    model.layers[0].attention.queryKeyValue.bias.fill(1000)
    let scores = try Fixture.scores(.magnitude, of: model)
    // Head 0: 1 + 4 + 4 + 16 = 25. Head 1: 100 + 100 + 100 + 100 + 0 = 400.
    #expect(scores.values == [[5, 20], []])
    #expect(scores.unit == .heads && scores.criterion == .magnitude)
  }
}

@Suite struct RandomImportanceTests {
  @Test func theSeedDecides() throws {
    let first = try Fixture.scores(.random, seed: 1)
    #expect(try Fixture.scores(.random, seed: 1) == first)
    #expect(try Fixture.scores(.random, seed: 2) != first)
    #expect(first.values.map(\.count) == Fixture.headCounts)
    #expect(first.values.joined().allSatisfy { (0..<1).contains($0) })
  }
}

@Suite struct CalibrationTests {
  @Test(arguments: [Criterion.gateGradient, .ablation])
  func criteriaThatLearnFromDataSaySoWithoutAny(criterion: Criterion) throws {
    #expect(throws: PruningError.noCalibrationData(criterion: criterion.rawValue)) {
      try Fixture.scores(criterion)
    }
  }

  @Test func onePassServesSeveralCriteria() throws {
    let batches = Fixture.batches(try Fixture.examples(6), of: 4)
    var criteria = Criterion.allCases.map { $0.make(seed: 3) }
    var progress: [Int] = []
    calibrate(&criteria, on: batches, through: Fixture.model, device: Fixture.device) {
      progress.append($0)
    }
    #expect(progress == [1, 2])
    for (criterion, made) in zip(Criterion.allCases, criteria) {
      let together = try made.scores(of: Fixture.model)
      #expect(try together == Fixture.scores(criterion, on: batches, seed: 3))
      try together.validate(for: .uneven)
    }
  }

  @Test func modelsWithoutHeadsHaveNoScores() throws {
    let cut = try Fixture.model.pruned(by: .without(Fixture.heads))
    let batches = Fixture.batches(try Fixture.examples(4), of: 4)
    for criterion in Criterion.allCases {
      let scores = try Fixture.scores(criterion, on: batches, of: cut)
      #expect(scores.values == Fixture.headCounts.map { _ in [] })
    }
  }
}
