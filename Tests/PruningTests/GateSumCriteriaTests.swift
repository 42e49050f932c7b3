import Encoders
import Pruning
import Tensors
import TestSupport
import Testing
import Text
import Training

/// Keeps what a criterion is shown.
private struct Recorder: ImportanceCriterion {
  private(set) var steps: [CalibrationStep] = []

  var criterion: Criterion { .gateGradient }
  var observes: Observations { [.gateGradients, .activations] }

  mutating func observe(_ step: CalibrationStep) { steps.append(step) }

  func values(of model: DenseClassifier, per unit: PruningUnit) -> [[Float]] { [] }
}

/// Criteria that are means over examples of something of a gate's gradient.
@Suite struct GateSumCriteriaTests {
  private func steps(
    _ examples: [LabeledSequence], size: Int
  ) throws -> [CalibrationStep] {
    var criteria: [any ImportanceCriterion] = [Recorder()]
    calibrate(
      &criteria, on: Fixture.batches(examples, of: size), through: Fixture.model,
      device: Fixture.device)
    return try #require(criteria[0] as? Recorder).steps
  }

  /// The derivative of one example's own loss at an open gate, by a stencil of fourth order: with
  /// this step the error of truncation is about as large as that of 32-bit rounding.
  private func slope(_ example: LabeledSequence, at place: GatePlace) -> Double {
    func loss(_ gate: Float) -> Double {
      var gates = Gates(open: .uneven)
      gates[place] = gate
      let logits = Fixture.model.forward(
        LabeledBatch([example]).tokens, options: ForwardOptions(gates: gates),
        on: Fixture.device
      ).logits
      return -logSoftmax(logits.row(0))[example.label]
    }
    let step: Float = 1.0 / 64
    let near = loss(1 + step) - loss(1 - step)
    let far = loss(1 + 2 * step) - loss(1 - 2 * step)
    return (8 * near - far) / (12 * Double(step))
  }

  /// 32-bit losses, divided by a step of 1/64, and a stencil that is not exact; squares double it.
  private let tolerance = 4e-3

  @Test(arguments: Fixture.gatedUnits)
  func eachIsItsMeanOverExamplesOfCentralDifferences(unit: PruningUnit) throws {
    let examples = try Fixture.examples(5)
    let batches = Fixture.batches(examples, of: 3)
    let slopes = Fixture.places(unit).map { place in examples.map { slope($0, at: place) } }
    func expect(_ criterion: Criterion, _ value: ([Double]) -> Double) throws {
      let scores = try Fixture.scores(criterion, per: unit, on: batches)
      #expect(
        relativeDifference(scores.all, slopes.map { value($0) / Double(examples.count) })
          < tolerance, "\(criterion)")
    }
    try expect(.gateGradient) { $0.reduce(0) { $0 + abs($1) } }
    try expect(.taylor) { abs($0.reduce(0, +)) }
    try expect(.fisher) { $0.reduce(0) { $0 + $1 * $1 } }
  }

  @Test func stepsHaveEachExamplesOwnGradients() throws {
    let examples = try Fixture.examples(5)
    let together = try #require(try steps(examples, size: 5)[0].gateGradients)
    for (index, step) in try steps(examples, size: 1).enumerated() {
      let alone = try #require(step.gateGradients)
      for (own, all) in zip(alone.tensors, together.tensors) {
        #expect(relativeDifference(own, all.rows(at: [index])) < Tolerance.backward)
      }
    }
  }

  @Test func stepsHaveTheActivationsOfEveryLayer() throws {
    let step = try steps(try Fixture.examples(4), size: 4)[0]
    let tokens = step.batch.tokens.tokenCount
    #expect(step.activations.count == 5)
    for (index, activations) in step.activations.enumerated() {
      let shape = EncoderConfiguration.uneven.layers[index]
      let queries = index == 4 ? 4 : tokens
      #expect(activations.input.shape == [tokens, 24])
      #expect(activations.context.shape == [queries, shape.attentionSize])
      #expect(activations.attended.shape == [queries, 24])
      #expect(activations.neurons.shape == [queries, shape.intermediateSize])
      let expected = step.batch.tokens.lengths.reduce(0) {
        $0 + $1 * (index == 4 ? 1 : $1) * shape.headCount
      }
      #expect(activations.probabilities.count == expected)
    }
  }
}
