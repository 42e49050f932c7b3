// What a configuration says of every parameter, before there is any.

public import Tensors

extension EncoderConfiguration {
  /// The name and shape of each parameter, in the order of `forEachParameter`.
  public var parameterShapes: [(name: String, shape: [Int])] {
    func linear(_ name: String, _ inputs: Int, _ outputs: Int) -> [(name: String, shape: [Int])] {
      [(name + ".weight", [outputs, inputs]), (name + ".bias", [outputs])]
    }
    func norm(_ name: String) -> [(name: String, shape: [Int])] {
      [(name + ".weight", [hiddenSize]), (name + ".bias", [hiddenSize])]
    }
    var shapes: [(name: String, shape: [Int])] = [
      ("embeddings.word", [vocabularySize, hiddenSize]),
      ("embeddings.position", [maximumPositions, hiddenSize]),
      ("embeddings.tokenType", [tokenTypeCount, hiddenSize]),
    ]
    shapes += norm("embeddings.norm")
    for (index, layer) in layers.enumerated() {
      let (attention, feedForward) = ("layers.\(index).attention", "layers.\(index).feedForward")
      shapes += linear(attention + ".queryKeyValue", hiddenSize, 3 * layer.attentionSize)
      shapes += linear(attention + ".output", layer.attentionSize, hiddenSize)
      shapes += norm(attention + ".norm")
      shapes += linear(feedForward + ".up", hiddenSize, layer.intermediateSize)
      shapes += linear(feedForward + ".down", layer.intermediateSize, hiddenSize)
      shapes += norm(feedForward + ".norm")
    }
    return shapes + linear("pooler", hiddenSize, hiddenSize)
      + linear("classifier", hiddenSize, labelCount)
  }

  /// As many layers, and no size at all: a model that takes no memory.
  fileprivate var hollow: EncoderConfiguration {
    let layer = LayerShape(headCount: 0, headSize: 1, intermediateSize: 0)
    return EncoderConfiguration(
      vocabularySize: 0, hiddenSize: 0, maximumPositions: 0, tokenTypeCount: 0, labelCount: 0,
      layers: Array(repeating: layer, count: layers.count))
  }
}

extension SequenceClassifier where P == Linear {
  /// A model of given parameters: `parameter` is asked for each by its name and shape. Nothing else
  /// is allocated, so that weights may stay in a mapped file.
  public init<E>(
    _ configuration: EncoderConfiguration,
    parameter: (_ name: String, _ shape: [Int]) throws(E) -> Tensor
  ) throws(E) {
    self.init(shaped: configuration.hollow)
    self.configuration = configuration
    var shapes = configuration.parameterShapes[...]
    try forEachParameter(at: "") { (name, tensor) throws(E) in
      let next = shapes.removeFirst()
      precondition(next.name == name, "\(next.name) in place of \(name)")
      tensor = try parameter(name, next.shape)
      precondition(tensor.shape == next.shape, "\(name): \(tensor.shape), not \(next.shape)")
    }
  }
}
