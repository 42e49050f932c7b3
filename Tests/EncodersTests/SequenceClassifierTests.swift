import Encoders
import Tensors
import TestSupport
import Testing
import Text
import Training

@Suite struct SequenceClassifierTests {
  private let device = Device(threads: 2)
  private static let lengths = [1, 7, 33, 2, 12, 31]

  /// Logits, gradients and gate gradients of one pass with dropout.
  private func results(
    _ configuration: EncoderConfiguration, threads: Int, dropoutKey: UInt64 = 5
  ) -> [Tensor] {
    let device = Device(threads: threads)
    let model = DenseClassifier.random(configuration, seed: 1)
    let batch = TokenBatch.random(lengths: Self.lengths, for: configuration, seed: 2)
    let options = ForwardOptions(
      gates: Gates(open: configuration),
      dropout: DropoutOptions(hidden: 0.1, attention: 0.2, key: dropoutKey), isRecording: true)
    let trace = model.forward(batch, options: options, on: device)
    var gradients = model.zeros()
    let logits = trace.logits
    let gates = model.backward(
      TraceGradient(logits: logits), trace, into: &gradients, on: device)
    return [logits] + (gates?.tensors ?? []) + gradients.parameters.map(\.tensor)
  }

  @Test(arguments: EncoderConfiguration.tiny)
  func everyNumberOfThreadsGivesTheSameBits(configuration: EncoderConfiguration) {
    let expected = results(configuration, threads: 1)
    for threads in [2, 3] { #expect(results(configuration, threads: threads) == expected) }
  }

  @Test func dropoutFollowsFromItsKey() {
    let expected = results(.uneven, threads: 2)
    #expect(results(.uneven, threads: 2) == expected)
    #expect(results(.uneven, threads: 2, dropoutKey: 6)[0] != expected[0])
  }

  @Test(arguments: EncoderConfiguration.tiny)
  func recordingChangesNothing(configuration: EncoderConfiguration) {
    let model = DenseClassifier.random(configuration, seed: 3)
    let batch = TokenBatch.random(lengths: Self.lengths, for: configuration, seed: 4)
    let plain = model.forward(batch, on: device).logits
    let recorded = model.forward(batch, options: ForwardOptions(isRecording: true), on: device)
    let gated = model.forward(
      batch, options: ForwardOptions(gates: Gates(open: configuration)), on: device)
    #expect(plain.shape == [Self.lengths.count, configuration.labelCount])
    #expect(recorded.logits == plain && gated.logits == plain)
  }

  @Test(arguments: EncoderConfiguration.tiny)
  func logitsDoNotDependOnTheCompany(configuration: EncoderConfiguration) {
    let model = DenseClassifier.random(configuration, seed: 5)
    let packed = model.packed(on: device)
    let batch = TokenBatch.random(lengths: Self.lengths, for: configuration, seed: 6)
    let together = model.forward(batch, on: device).logits
    let packedTogether = packed.forward(batch, on: device).logits
    for (index, single) in batch.singles.enumerated() {
      let alone = model.forward(single, on: device).logits
      let packedAlone = packed.forward(single, on: device).logits
      #expect(relativeDifference(alone, together.rows(at: [index])) < Tolerance.grouping)
      #expect(
        relativeDifference(packedAlone, packedTogether.rows(at: [index])) < Tolerance.grouping)
    }
  }

  @Test(arguments: EncoderConfiguration.tiny)
  func packedModelIsTheDenseOne(configuration: EncoderConfiguration) {
    let model = DenseClassifier.random(configuration, seed: 7)
    let packed = model.packed(on: device)
    #expect(packed.configuration == configuration)
    for lengths in [[1], [2], [33], Self.lengths] {
      let batch = TokenBatch.random(lengths: lengths, for: configuration, seed: 8)
      let dense = model.forward(batch, on: device).logits
      let fast = packed.forward(batch, on: device).logits
      #expect(relativeDifference(fast, dense) < Tolerance.parity)
    }
  }

  @Test(arguments: EncoderConfiguration.tiny)
  func computingEveryTokenGivesTheSameLogitsAndGradients(configuration: EncoderConfiguration) {
    let model = DenseClassifier.random(configuration, seed: 14)
    let batch = TokenBatch.random(lengths: Self.lengths, for: configuration, seed: 15)
    var options = ForwardOptions(isRecording: true)
    let first = model.forward(batch, options: options, on: device)
    options.wantsAllTokens = true
    let all = model.forward(batch, options: options, on: device)
    #expect(relativeDifference(all.logits, first.logits) < Tolerance.grouping)
    #expect(first.hidden == nil)
    #expect(all.hidden?.shape == [batch.tokenCount, configuration.hiddenSize])
    let dLogits = first.logits
    var (gradients, allGradients) = (model.zeros(), model.zeros())
    model.backward(TraceGradient(logits: dLogits), first, into: &gradients, on: device)
    model.backward(TraceGradient(logits: dLogits), all, into: &allGradients, on: device)
    for (a, b) in zip(allGradients.parameters, gradients.parameters) {
      #expect(relativeDifference(a.tensor, b.tensor) < Tolerance.backward, "\(a.name)")
    }
  }

  @Test func noSequencesGiveNoLogits() {
    for configuration in EncoderConfiguration.tiny {
      let model = DenseClassifier.random(configuration, seed: 9)
      let batch = TokenBatch(ids: [], typeIDs: [], lengths: [])
      let trace = model.forward(batch, options: ForwardOptions(isRecording: true), on: device)
      #expect(trace.logits.shape == [0, configuration.labelCount])
      var gradients = model.zeros()
      model.backward(TraceGradient(logits: trace.logits), trace, into: &gradients, on: device)
      #expect(gradients == model.zeros())
      #expect(model.packed(on: device).forward(batch, on: device).logits == trace.logits)
    }
  }

  @Test func backwardAddsToTheGradients() {
    let model = DenseClassifier.random(.uneven, seed: 10)
    let batch = TokenBatch.random(lengths: Self.lengths, for: .uneven, seed: 11)
    let trace = model.forward(batch, options: ForwardOptions(isRecording: true), on: device)
    var once = model.zeros()
    model.backward(TraceGradient(logits: trace.logits), trace, into: &once, on: device)
    var twice = once
    model.backward(TraceGradient(logits: trace.logits), trace, into: &twice, on: device)
    for (a, b) in zip(once.parameters, twice.parameters) {
      let doubled = Tensor(a.tensor.elements.map { 2 * $0 }, shape: a.tensor.shape)
      #expect(relativeDifference(b.tensor, doubled) < Tolerance.float, "\(a.name)")
    }
  }

  @Test func closingAGateEqualsZeroingItsHead() {
    let model = DenseClassifier.random(.uneven, seed: 12)
    let batch = TokenBatch.random(lengths: Self.lengths, for: .uneven, seed: 13)
    for (layer, shape) in model.configuration.layers.enumerated() {
      for head in 0..<shape.headCount {
        var gates = Gates(open: model.configuration)
        gates.layers[layer].heads[head] = 0
        var cut = model
        for row in 0..<model.configuration.hiddenSize {
          for column in head * shape.headSize..<(head + 1) * shape.headSize {
            cut.layers[layer].attention.output.weight[row * shape.attentionSize + column] = 0
          }
        }
        let gated = model.forward(batch, options: ForwardOptions(gates: gates), on: device).logits
        #expect(gated != model.forward(batch, on: device).logits)
        let expected = cut.forward(batch, on: device).logits
        #expect(relativeDifference(gated, expected) < Tolerance.grouping)
      }
    }
  }

  @Test func parametersHaveTheNamesOfTheFile() {
    let names = DenseClassifier(.uneven, seed: 0).parameters.map(\.name)
    #expect(
      names.prefix(9) == [
        "embeddings.word", "embeddings.position", "embeddings.tokenType", "embeddings.norm.weight",
        "embeddings.norm.bias", "layers.0.attention.queryKeyValue.weight",
        "layers.0.attention.queryKeyValue.bias", "layers.0.attention.output.weight",
        "layers.0.attention.output.bias",
      ])
    #expect(names.suffix(2) == ["classifier.weight", "classifier.bias"])
    #expect(Set(names).count == names.count)
  }

  @Test func overlongAndEmptySequencesStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let batch = TokenBatch.random(lengths: [41], for: .uneven, seed: 0)
      _ = DenseClassifier(.uneven, seed: 0).forward(batch, on: Device(threads: 1))
    }
    await #expect(processExitsWith: .failure) {
      let batch = TokenBatch.random(lengths: [3, 0], for: .uneven, seed: 0)
      _ = DenseClassifier(.uneven, seed: 0).forward(batch, on: Device(threads: 1))
    }
  }
}
