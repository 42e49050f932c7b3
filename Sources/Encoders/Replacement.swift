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

extension SequenceClassifier {
  /// Puts another attention into a layer; its weights must have the sizes that `headCount` gives.
  public mutating func replaceAttention(
    _ attention: SelfAttention<P>, headCount: Int, inLayer index: Int
  ) {
    var shape = configuration.layers[index]
    shape.headCount = headCount
    precondition(
      attention.queryKeyValue.outputSize == 3 * shape.attentionSize
        && attention.output.inputSize == shape.attentionSize,
      "an attention of \(attention.output.inputSize) for \(headCount) heads of \(shape.headSize)")
    layers[index].attention = attention
    configuration.layers[index] = shape
  }
}
