import Encoders
import Pruning
import Tensors
import TestSupport
import Testing
import Training

@Suite struct HardConcreteTests {
  /// The derivative of a smooth function by a step of 1e-5.
  private let tolerance = 1e-6

  @Test(arguments: [-3, -0.5, 0, 1, 2.5])
  func slopesAreCentralDifferences(logAlpha: Double) {
    let step = 1e-5
    func difference(_ value: (HardConcrete) -> Double) -> Double {
      (value(HardConcrete(logAlpha: logAlpha + step))
        - value(HardConcrete(logAlpha: logAlpha - step)))
        / (2 * step)
    }
    let gate = HardConcrete(logAlpha: logAlpha)
    #expect(abs(gate.openProbability.slope - difference { $0.openProbability.value }) < tolerance)
    for uniform in stride(from: 0.05, through: 0.95, by: 0.1) {
      let slope = difference { $0.sample(uniform).gate }
      #expect(abs(gate.sample(uniform).slope - slope) < tolerance)
    }
  }

  @Test func gatesAreOpenAsOftenAsTheySay() {
    for logAlpha in [-3.0, 0, 2] {
      let gate = HardConcrete(logAlpha: logAlpha)
      let samples = (0..<10_000).map { gate.sample((Double($0) + 0.5) / 10_000).gate }
      #expect(samples.allSatisfy { (0...1).contains($0) } && samples == samples.sorted())
      let share = Double(samples.count { $0 > 0 }) / 10_000
      #expect(abs(share - gate.openProbability.value) < 2e-4)
    }
  }

  @Test func theEndsOfChanceAreFinite() {
    for uniform in [0.0, 1] {
      let (gate, slope) = HardConcrete(logAlpha: 0).sample(uniform)
      #expect(gate == uniform && slope == 0)
    }
  }
}

@Suite struct LearnedGatesTests {
  /// Examples whose labels are the model's own answers: what it computes is what it should.
  private func batches() throws -> [LabeledBatch] {
    let examples = try Fixture.examples(40)
    let answers = Predictions(of: Fixture.model, on: examples, device: Fixture.device).answers
    return Fixture.batches(
      zip(examples, answers).map { LabeledSequence($0.sequence, label: $1) }, of: 20)
  }

  @Test func unitsThatDoNothingCloseAndOthersMatterMore() throws {
    var model = Fixture.model
    // Nobody reads head 1 of layer 0 and every third neuron of layer 1.
    for row in 0..<24 {
      for column in 5..<10 { model.layers[0].attention.output.weight[row * 15 + column] = 0 }
      for column in stride(from: 0, to: 9, by: 3) {
        model.layers[1].feedForward.down.weight[row * 9 + column] = 0
      }
    }
    let batches = try batches()
    let heads = try Fixture.scores(.learnedGates, per: .heads, on: batches, of: model)
    let least = heads.values.joined().min()
    #expect(heads.values[0][1] == least && heads.values[0][1] < 0)
    let neurons = try Fixture.scores(.learnedGates, per: .neurons, on: batches, of: model)
    let idle = [0, 3, 6].map { neurons.values[1][$0] }
    #expect(idle.allSatisfy { $0 < 1 } && (idle.max() ?? 0) - (idle.min() ?? 0) < 0.1)
    let busy = neurons.values.joined().filter { $0 > (idle.max() ?? 0) + 0.1 }
    #expect(busy.count > 10)
  }

  @Test func theSeedDecides() throws {
    let batches = try batches()
    func scores(_ seed: UInt64) throws -> ImportanceScores {
      try Fixture.scores(.learnedGates, per: .heads, on: batches, seed: seed)
    }
    let first = try scores(1)
    #expect(try scores(1) == first)
    #expect(try scores(2) != first)
  }
}
