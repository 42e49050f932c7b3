// How surgery changes a model: weights and sizes together, so that they never disagree.

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
