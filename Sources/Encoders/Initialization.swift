// New models from nothing, and the same model with packed weights.

public import Tensors

extension SequenceClassifier where P == Linear {
  /// A model with random weights: normal with deviation 0.02, truncated at two deviations; biases 0
  /// (Devlin et al., 2019). The same seed gives the same bytes.
  public init(_ configuration: EncoderConfiguration, seed: UInt64) {
    self.init(shaped: configuration)
    var stream = RandomStream(seed, 0x1417)
    forEachParameter(at: "") { _, tensor in
      if tensor.shape.count == 2 {
        tensor = Tensor(normal: 0.02, shape: tensor.shape, from: &stream)
      }
    }
  }

  /// A model of the given sizes: matrices and biases 0, normalizations that change nothing.
  init(shaped configuration: EncoderConfiguration) {
    let hidden = configuration.hiddenSize
    func linear(_ inputs: Int, _ outputs: Int) -> Linear {
      Linear(weight: Tensor(zeros: outputs, inputs), bias: Tensor(zeros: outputs))
    }
    let embeddings = Embeddings(
      word: Tensor(zeros: configuration.vocabularySize, hidden),
      position: Tensor(zeros: configuration.maximumPositions, hidden),
      tokenType: Tensor(zeros: configuration.tokenTypeCount, hidden),
      norm: LayerNorm(size: hidden))
    let layers = configuration.layers.map { shape in
      EncoderLayer(
        attention: SelfAttention(
          queryKeyValue: linear(hidden, 3 * shape.attentionSize),
          output: linear(shape.attentionSize, hidden), norm: LayerNorm(size: hidden)),
        feedForward: FeedForward(
          up: linear(hidden, shape.intermediateSize), down: linear(shape.intermediateSize, hidden),
          norm: LayerNorm(size: hidden)))
    }
    self.init(
      configuration: configuration, embeddings: embeddings, layers: layers,
      pooler: linear(hidden, hidden), classifier: linear(hidden, configuration.labelCount))
  }

  /// The same model with its matrices packed for this machine: for inference.
  public func packed(on device: Device) -> SequenceClassifier<PackedLinear> {
    mapProjections { PackedLinear($0, on: device) }
  }

  /// The same model with every matrix stored another way.
  func mapProjections<Q: Projection>(_ transform: (P) -> Q) -> SequenceClassifier<Q> {
    SequenceClassifier<Q>(
      configuration: configuration, embeddings: embeddings,
      layers: layers.map {
        EncoderLayer(
          attention: SelfAttention(
            queryKeyValue: transform($0.attention.queryKeyValue),
            output: transform($0.attention.output), norm: $0.attention.norm),
          feedForward: FeedForward(
            up: transform($0.feedForward.up), down: transform($0.feedForward.down),
            norm: $0.feedForward.norm))
      },
      pooler: transform(pooler), classifier: transform(classifier))
  }
}
