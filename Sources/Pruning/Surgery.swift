// Units leave the weights.

public import Encoders
import Tensors

extension LayerShape {
  /// The rows of the query, key and value projection that belong to `heads`.
  func projectionRows(ofHeads heads: [Int]) -> [Int] {
    (0..<3).flatMap { part in
      contextColumns(ofHeads: heads).map { part * attentionSize + $0 }
    }
  }

  /// The columns of the context, and of the output projection, that belong to `heads`.
  func contextColumns(ofHeads heads: [Int]) -> [Int] {
    heads.flatMap { $0 * headSize..<($0 + 1) * headSize }
  }
}

extension SequenceClassifier where P == Linear {
  /// A smaller model that keeps the units that `plan` names. The whole plan is checked before
  /// anything is cut. Law: the logits are those of this model with the other units' gates closed;
  /// for tokens, those of any text that has none of the others.
  ///
  /// With fewer tokens the model's ids are others: its tokenizer must be cut as well.
  public func pruned(by plan: PruningPlan) throws(PruningError) -> DenseClassifier {
    try plan.validate(for: configuration)
    let all = 0..<configuration.hiddenSize
    let channels = plan.channels.elementsEqual(all) ? nil : plan.channels
    var embeddings = (plan.tokens.map(keepingTokens) ?? self).embeddings
    if let channels { embeddings.keep(channels) }
    let kept = plan.layers.map { kept in
      var layer = layers[kept.index]
      let shape = configuration.layers[kept.index]
      if kept.heads.count < shape.headCount {
        layer.attention.keepHeads(kept.heads, of: shape)
      }
      if kept.neurons.count < shape.intermediateSize {
        layer.feedForward.up = layer.feedForward.up.keeping(outputs: kept.neurons)
        layer.feedForward.down = layer.feedForward.down.keeping(inputs: kept.neurons)
      }
      if let channels { layer.keep(channels) }
      return layer
    }
    return DenseClassifier(
      plan.applied(to: configuration), embeddings: embeddings, layers: kept,
      pooler: pooler.keeping(outputs: channels, inputs: channels),
      classifier: classifier.keeping(inputs: channels))
  }
}

extension Linear {
  /// The map between some of its outputs and some of its inputs; `nil` keeps all.
  func keeping(outputs: [Int]? = nil, inputs: [Int]? = nil) -> Linear {
    var (weight, bias) = (weight, bias)
    if let outputs { (weight, bias) = (weight.rows(at: outputs), bias.rows(at: outputs)) }
    if let inputs { weight = weight.columns(at: inputs) }
    return Linear(weight: weight, bias: bias)
  }
}

extension Embeddings {
  fileprivate mutating func keep(_ channels: [Int]) {
    word = word.columns(at: channels)
    position = position.columns(at: channels)
    tokenType = tokenType.columns(at: channels)
    norm.keep(channels)
  }
}

extension LayerNorm {
  fileprivate mutating func keep(_ channels: [Int]) {
    weight = weight.rows(at: channels)
    bias = bias.rows(at: channels)
  }
}

extension SelfAttention where P == Linear {
  fileprivate mutating func keepHeads(_ heads: [Int], of shape: LayerShape) {
    queryKeyValue = queryKeyValue.keeping(outputs: shape.projectionRows(ofHeads: heads))
    output = output.keeping(inputs: shape.contextColumns(ofHeads: heads))
  }
}

extension EncoderLayer where P == Linear {
  fileprivate mutating func keep(_ channels: [Int]) {
    attention.queryKeyValue = attention.queryKeyValue.keeping(inputs: channels)
    attention.output = attention.output.keeping(outputs: channels)
    attention.norm.keep(channels)
    feedForward.up = feedForward.up.keeping(inputs: channels)
    feedForward.down = feedForward.down.keeping(outputs: channels)
    feedForward.norm.keep(channels)
  }
}
