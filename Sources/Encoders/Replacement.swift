// How surgery changes a model: weights and sizes together, so that they never disagree.

import Tensors

extension RandomStream {
  /// The numbers of a part that a checkpoint does not have.
  init(newPart index: UInt64, _ seed: UInt64) { self.init(seed, 0xf4e5, index) }
}

extension SequenceClassifier where P == Linear {
  /// Puts a random classifier of as many labels in place: normal with deviation 0.02, biases 0.
  mutating func replaceClassifier(labelCount: Int, seed: UInt64) {
    var stream = RandomStream(newPart: 1, seed)
    let shape = [labelCount, configuration.hiddenSize]
    classifier = Linear(
      weight: Tensor(normal: 0.02, shape: shape, from: &stream), bias: Tensor(zeros: labelCount))
    configuration.labelCount = labelCount
  }
}

extension SequenceClassifier where P == Linear {
  /// A model of given parts, which must have the sizes that `configuration` gives.
  public init(
    _ configuration: EncoderConfiguration, embeddings: Embeddings, layers: [EncoderLayer<Linear>],
    pooler: Linear, classifier: Linear
  ) {
    self.configuration = configuration
    self.embeddings = embeddings
    self.layers = layers
    self.pooler = pooler
    self.classifier = classifier
    for (found, expected) in zip(parameters, configuration.parameterShapes) {
      precondition(
        found.name == expected.name && found.tensor.shape == expected.shape,
        "\(found.name) is \(found.tensor.shape), not \(expected)")
    }
  }
}
