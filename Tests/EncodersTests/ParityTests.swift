import Encoders
import Tensors
import TestSupport
import Testing
import Text
import Training

/// Everything that a model computes, against PyTorch in double precision.
@Suite struct ParityTests {
  private let fixture: ParityFixture
  private let device = Device(threads: 2)

  init() throws { fixture = try ParityFixture() }

  private func isClose(_ found: Tensor, _ name: String) throws -> Bool {
    relativeDifference(found, try fixture.tensor(name)) < Tolerance.parity
  }

  private func loss(_ logits: Tensor) throws -> (value: Float, gradient: Tensor) {
    let sequences = try fixture.batch().singles.map { single in
      try EncodedSequence(single)
    }
    let labels = try fixture.integers("batch.labels")
    let batch = LabeledBatch(zip(sequences, labels).map { LabeledSequence($0, label: $1) })
    return CrossEntropy()(logits, batch)
  }

  @Test(arguments: ["open", "half"])
  func logitsLossAndEveryGradientArePyTorchs(pass: String) throws {
    let model = try fixture.model()
    let options = ForwardOptions(gates: try fixture.gates(pass), isRecording: true)
    let trace = model.forward(try fixture.batch(), options: options, on: device)
    #expect(try isClose(trace.logits, "\(pass).logits"))
    let (value, dLogits) = try loss(trace.logits)
    #expect(try isClose(Tensor([value], shape: [1]), "\(pass).loss"))
    var gradients = model.zeros()
    let gateGradients = try #require(
      model.backward(TraceGradient(logits: dLogits), trace, into: &gradients, on: device))
    for (name, gradient) in gradients.parameters {
      #expect(try isClose(gradient, "\(pass).gradient.\(name)"), "\(name)")
    }
    #expect(gateGradients.layers.count == ParityFixture.configuration.layers.count)
    for (index, gradients) in gateGradients.layers.enumerated() {
      #expect(try isClose(gradients.heads, "\(pass).gateGradient.\(index)"), "layer \(index)")
    }
  }

  @Test func inferenceIsPyTorchs() throws {
    let model = try fixture.model()
    let batch = try fixture.batch()
    #expect(try isClose(model.forward(batch, on: device).logits, "open.logits"))
    let packed = model.packed(on: device)
    #expect(try isClose(packed.forward(batch, on: device).logits, "open.logits"))
  }

  @Test func tenStepsOfAdamWArePyTorchs() throws {
    var options = TrainingOptions()
    options.weightDecay = 0.01
    options.clipNorm = 1
    options.epsilon = 1e-5  // as in the script, which says why
    var model = try fixture.model()
    let start = model.parameters
    var optimizer = AdamW(for: model, options: options)
    var gradients = model.zeros()
    var (losses, norms): ([Float], [Float]) = ([], [])
    for _ in 0..<10 {
      let trace = model.forward(
        try fixture.batch(), options: ForwardOptions(isRecording: true), on: device)
      let (value, dLogits) = try loss(trace.logits)
      model.backward(TraceGradient(logits: dLogits), trace, into: &gradients, on: device)
      losses.append(value)
      norms.append(
        try optimizer.step(&model, &gradients, learningRate: 1e-3, on: device))
    }
    #expect(try isClose(Tensor(losses, shape: [10]), "training.losses"))
    #expect(try isClose(Tensor(norms, shape: [10]), "training.norms"))
    for (index, (name, parameter)) in model.parameters.enumerated() {
      #expect(try isClose(parameter, "training.final.\(name)"), "\(name)")
      let expected = try fixture.tensor("training.final.\(name)")
      let before = start[index].tensor
      #expect(
        relativeDifference(parameter.moved(from: before), expected.moved(from: before))
          < Self.movement, "\(name)")
    }
  }

  /// Of the way that parameters went in ten steps, itself a hundredth of their size.
  private static let movement = 100 * Tolerance.parity
}

extension EncodedSequence {
  /// The sequence of a batch of one; objectives look at labels only.
  fileprivate init(_ single: TokenBatch) throws {
    self = try EncodedSequence(
      [], vocabulary: Vocabulary(size: 30), maximumLength: 2)
    ids = single.ids
    typeIDs = single.typeIDs
  }
}

extension Tensor {
  /// The differences of the elements.
  fileprivate func moved(from start: Tensor) -> Tensor {
    Tensor(zip(elements, start.elements).map { $0 - $1 }, shape: shape)
  }
}
