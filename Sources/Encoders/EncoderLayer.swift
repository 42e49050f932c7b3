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
    /// What the layer would add to what passes it by, where there are gates: layer(x) − x.
    let difference: Tensor?
  }

  func forward(_ x: Tensor, _ pass: LayerPass) -> (output: Tensor, cache: Cache?) {
    let (attended, attentionCache) = attention.forward(x, pass)
    pass.options.didCompute?(.attention)
    var (y, feedForwardCache) = feedForward.forward(attended, pass)
    pass.options.didCompute?(.feedForward)
    let difference = pass.gates.map { applyGate($0.layer, x, &y, pass) }
    guard let attentionCache, let feedForwardCache else { return (y, nil) }
    let cache = Cache(
      attention: attentionCache, feedForward: feedForwardCache, difference: difference)
    return (y, cache)
  }

  /// y becomes gate · y + (1 − gate) · x; returns y − x.
  private func applyGate(
    _ gate: Float, _ x: Tensor, _ y: inout Tensor, _ pass: LayerPass
  ) -> Tensor {
    let device = pass.device
    var passing = pass.firstTokenOnly ? device.gatherRows(x, at: pass.offsets.firstTokens) : x
    var difference = passing
    difference.scale(by: -1)
    device.add(y, to: &difference)
    guard gate != 1 else { return difference }
    y.scale(by: gate)
    passing.scale(by: 1 - gate)
    device.add(passing, to: &y)
    return difference
  }
}

extension EncoderLayer where P == Linear {
  /// Returns dX, and the gates' gradients where the pass had gates.
  func backward(
    _ dY: Tensor, _ cache: Cache, _ pass: LayerPass, into gradient: inout EncoderLayer
  ) -> (dX: Tensor, gates: GateGradients.Layer?) {
    let device = pass.device
    guard let gate = pass.gates?.layer, let difference = cache.difference else {
      let (dAttended, _, _, _) = feedForward.backward(
        dY, cache.feedForward, pass, into: &gradient.feedForward)
      let (dX, _, _, _) = attention.backward(
        dAttended, cache.attention, pass, into: &gradient.attention)
      return (dX, nil)
    }
    let products = device.groupProducts(difference, dY, pass.queries, groups: 1)
    var dPassing = dY
    dPassing.scale(by: 1 - gate)
    var dLayer = dY
    if gate != 1 { dLayer.scale(by: gate) }
    let (dAttended, dFeedForward, neurons, outer) = feedForward.backward(
      dLayer, cache.feedForward, pass, into: &gradient.feedForward)
    var (dX, dAttention, heads, inner) = attention.backward(
      dAttended, cache.attention, pass, into: &gradient.attention)
    if pass.firstTokenOnly {
      device.scatterAddRows(dPassing, at: pass.offsets.firstTokens, to: &dX)
    } else {
      device.add(dPassing, to: &dX)
    }
    guard let heads, let neurons, let inner, let outer else { return (dX, nil) }
    let gates = GateGradients.Layer(
      layer: products, heads: heads, neurons: neurons, attentionOutput: dAttention,
      feedForwardOutput: dFeedForward, channels: [inner, outer])
    return (dX, gates)
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
