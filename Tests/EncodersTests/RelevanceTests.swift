import Encoders
import Tensors
import TestSupport
import Testing
import Text

@Suite struct RelevanceTests {
  private let device = Device(threads: 2)
  private static let lengths = [5, 1, 9]
  private static let labels = [2, 0, 1]
  private let batch = TokenBatch.random(lengths: lengths, for: .uneven, seed: 2)

  /// A model in which nothing takes relevance away but a softmax.
  private func withoutBiases() -> DenseClassifier {
    var model = DenseClassifier.random(.uneven, seed: 1)
    model.forEachParameter(at: "") { name, tensor in
      if name.hasSuffix("bias") { tensor.fill(0) }
    }
    return model
  }

  private func sum(_ tensor: Tensor) -> Double {
    tensor.elements.reduce(0) { $0 + Double($1) }
  }

  /// Sums of relevances that are much larger than the sums, in 32-bit floats.
  private func isClose(_ a: Double, _ b: Double, scale: Tensor) -> Bool {
    let magnitude = scale.elements.reduce(0) { max($0, abs(Double($1))) }
    return abs(a - b) < 1e-4 * max(magnitude, abs(a))
  }

  @Test func everyActivationsRelevanceIsTheOracles() throws {
    let model = DenseClassifier.random(.uneven, seed: 1)
    let found = model.relevance(ofLabels: Self.labels, batch, on: device)
    #expect(found.layers.count == 5 && found.first.shape == [3, 24])
    for (index, single) in batch.singles.enumerated() {
      let expected = Oracle.relevance(of: Self.labels[index], model, single)
      let tokens = Array(batch.offsets[index]..<batch.offsets[index + 1])
      func isClose(_ found: Tensor, _ expected: Matrix, _ rows: [Int]) -> Bool {
        let own = found.rows(at: rows)
        let first = Matrix(
          Array(expected.elements.prefix(rows.count * expected.columns)), rows: rows.count,
          columns: expected.columns)
        return relativeDifference(own, first) < Tolerance.parity
      }
      #expect(isClose(found.first, expected.first, [index]))
      for (layer, pair) in zip(found.layers, expected.layers).enumerated() {
        let queries = layer == 4 ? [index] : tokens
        #expect(isClose(pair.0.input, pair.1.input, tokens), "layer \(layer)")
        #expect(isClose(pair.0.context, pair.1.context, queries), "layer \(layer)")
        #expect(isClose(pair.0.attended, pair.1.attended, queries), "layer \(layer)")
        #expect(isClose(pair.0.neurons, pair.1.neurons, queries), "layer \(layer)")
      }
    }
  }

  @Test func withoutBiasesTheHeadOfTheModelPreservesTheLogit() {
    let found = withoutBiases().relevance(ofLabels: Self.labels, batch, on: device)
    for (row, logit) in found.logits.enumerated() {
      let own = found.first.rows(at: [row])
      #expect(isClose(sum(own), Double(logit), scale: own))
    }
  }

  @Test func aBiasTakesItsShare() {
    var model = withoutBiases()
    model.classifier.bias = Tensor([0.5, -2, 3], shape: [3])
    let found = model.relevance(ofLabels: Self.labels, batch, on: device)
    for (row, label) in Self.labels.enumerated() {
      let own = found.first.rows(at: [row])
      let rest = Double(found.logits[row] - model.classifier.bias[label])
      #expect(isClose(sum(own), rest, scale: own))
    }
  }

  /// The down projection, GELU, the up projection, a normalization and a residual.
  @Test func withoutBiasesTheFeedForwardHalfPreservesSums() {
    let found = withoutBiases().relevance(ofLabels: Self.labels, batch, on: device)
    let outputs = found.layers.dropFirst().map(\.input) + [found.first]
    for (layer, output) in zip(found.layers, outputs) {
      #expect(isClose(sum(layer.attended), sum(output), scale: layer.attended))
    }
  }

  /// Where queries and keys are 0, probabilities are constant: values, which get half, hand all of
  /// it on.
  @Test func withoutBiasesAttentionPreservesAllButTheHalfOfItsProbabilities() {
    var model = withoutBiases()
    for (index, shape) in model.configuration.layers.enumerated() {
      let weight = model.layers[index].attention.queryKeyValue.weight
      for i in 0..<2 * shape.attentionSize * 24 {
        model.layers[index].attention.queryKeyValue.weight[i] = 0
      }
      #expect(model.layers[index].attention.queryKeyValue.weight.shape == weight.shape)
    }
    let found = model.relevance(ofLabels: Self.labels, batch, on: device)
    for layer in found.layers {
      let expected = sum(layer.attended) - sum(layer.context) / 2
      #expect(isClose(sum(layer.input), expected, scale: layer.attended))
    }
  }

  @Test(arguments: EncoderConfiguration.tiny)
  func aSequencesRelevanceDoesNotDependOnTheCompanyOrThreads(
    configuration: EncoderConfiguration
  ) {
    let model = DenseClassifier.random(configuration, seed: 1)
    let batch = TokenBatch.random(lengths: Self.lengths, for: configuration, seed: 3)
    let found = model.relevance(ofLabels: [1, 0, 1], batch, on: device)
    for (index, single) in batch.singles.enumerated() {
      let alone = model.relevance(ofLabels: [(index + 1) % 2], single, on: Device(threads: 1))
      #expect(
        relativeDifference(alone.first, found.first.rows(at: [index])) < Tolerance.backward)
      let tokens = Array(batch.offsets[index]..<batch.offsets[index + 1])
      for (own, all) in zip(alone.layers, found.layers) {
        #expect(relativeDifference(own.input, all.input.rows(at: tokens)) < Tolerance.backward)
      }
    }
  }
}
