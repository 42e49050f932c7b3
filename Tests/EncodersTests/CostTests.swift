import Encoders
import TestSupport
import Testing

@Suite struct CostTests {
  @Test(arguments: EncoderConfiguration.tiny)
  func predictedParametersAreThoseCounted(configuration: EncoderConfiguration) {
    let model = DenseClassifier(configuration, seed: 0)
    let predicted = configuration.cost(sequenceLength: 1).parameters
    #expect(predicted.total == model.parameterCount)
    #expect(predicted.embeddings == model.embeddings.parameterCount)
    #expect(
      predicted.attention == model.layers.reduce(0) { $0 + $1.attention.parameterCount })
    #expect(
      predicted.feedForward == model.layers.reduce(0) { $0 + $1.feedForward.parameterCount })
    #expect(predicted.head == model.pooler.parameterCount + model.classifier.parameterCount)
  }

  /// By hand: 2 tokens, hidden 4; a layer of 1 head of 3 with 5 neurons, then one of 2 heads of 3 with
  /// 7, of which only the first token's row is computed.
  @Test func multiplyAddsAreThoseCountedByHand() {
    let configuration = EncoderConfiguration(
      vocabularySize: 9, hiddenSize: 4, labelCount: 2,
      layers: [
        LayerShape(headCount: 1, headSize: 3, intermediateSize: 5),
        LayerShape(headCount: 2, headSize: 3, intermediateSize: 7),
      ])
    let found = configuration.cost(sequenceLength: 2).multiplyAdds
    let first = 2 * 4 * 9 + 2 * (2 * 3 + 2 * 3) + 2 * 3 * 4
    let last = 2 * 4 * 18 + 1 * (2 * 6 + 2 * 6) + 1 * 6 * 4
    #expect(found.attention == first + last)
    #expect(found.feedForward == 2 * 2 * 4 * 5 + 1 * 2 * 4 * 7)
    #expect(found.head == 4 * 4 + 4 * 2)
    #expect(found.embeddings == 0)
  }

  @Test func configurationsCountTheirHeads() {
    #expect(EncoderConfiguration.uneven.headCount == 8)
    #expect(EncoderConfiguration.flat.headCount == 0)
  }
}
