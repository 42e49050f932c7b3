// One layer of the encoder.

public import Tensors

/// Self-attention, then a feed-forward network, each normalized after its residual.
public struct EncoderLayer<P: Projection>: Sendable {
  /// The attention half.
  public var attention: SelfAttention<P>
  /// The feed-forward half.
  public var feedForward: FeedForward<P>

  struct Cache: Sendable {
    let attention: SelfAttention<P>.Cache
    let feedForward: FeedForward<P>.Cache
  }

  func forward(_ x: Tensor, _ pass: LayerPass) -> (output: Tensor, cache: Cache?) {
    let (attended, attentionCache) = attention.forward(x, pass)
    pass.options.didCompute?(.attention)
    let (y, feedForwardCache) = feedForward.forward(attended, pass)
    pass.options.didCompute?(.feedForward)
    guard let attentionCache, let feedForwardCache else { return (y, nil) }
    return (y, Cache(attention: attentionCache, feedForward: feedForwardCache))
  }
}

extension EncoderLayer where P == Linear {
  func backward(
    _ dY: Tensor, _ cache: Cache, _ pass: LayerPass, into gradient: inout EncoderLayer
  ) -> (dX: Tensor, gateGradient: Tensor?) {
    let dAttended = feedForward.backward(
      dY, cache.feedForward, into: &gradient.feedForward, on: pass.device)
    return attention.backward(dAttended, cache.attention, pass, into: &gradient.attention)
  }
}

extension EncoderLayer: Equatable where P: Equatable {}

extension EncoderLayer: Parameterized where P: Parameterized {
  public mutating func forEachParameter<E>(
    at path: String, _ body: (String, inout Tensor) throws(E) -> Void
  ) throws(E) {
    try attention.forEachParameter(at: join(path, "attention"), body)
    try feedForward.forEachParameter(at: join(path, "feedForward"), body)
  }
}
