// What a recorded pass computed in a layer, for those who look at it.

public import Tensors

/// The inputs of a layer's four matrices, and its attention.
public struct LayerActivations: Sendable {
  /// What went into the layer and its queries, keys and values, [tokens, hidden].
  public let input: Tensor
  /// What went into the attention's output, [queries, attention size], after gates.
  public let context: Tensor
  /// What went into the feed-forward half, [queries, hidden].
  public let attended: Tensor
  /// What left the activation and went into the down projection, [queries, neurons], after gates.
  public let neurons: Tensor
  /// By sequence, head, query and key, one after another.
  public let probabilities: Tensor
}

extension LayerActivations {
  init<P>(_ cache: EncoderLayer<P>.Cache) {
    input = cache.attention.input
    context = cache.attention.gatedContext
    attended = cache.feedForward.input
    neurons = cache.feedForward.gated
    probabilities = cache.attention.probabilities
  }
}

extension SequenceClassifier.Trace {
  /// The activations of layer `index` in a recorded pass.
  public func activations(_ index: Int) -> LayerActivations { LayerActivations(layers[index]) }
}
