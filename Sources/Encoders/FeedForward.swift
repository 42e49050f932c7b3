// The feed-forward half of a layer.

public import Tensors

/// down(GELU(up(x))) with its residual and normalization.
public struct FeedForward<P: Projection>: Sendable {
  /// [intermediate, hidden].
  public var up: P
  /// [hidden, intermediate].
  public var down: P
  /// After the residual.
  public var norm: LayerNorm

  /// What the backward pass needs.
  struct Cache: Sendable {
    let input, intermediate, activated, gated: Tensor
    let norm: LayerNorm.Cache
  }

  func forward(_ x: Tensor, _ pass: LayerPass) -> (output: Tensor, cache: Cache?) {
    let (device, options) = (pass.device, pass.options)
    let intermediate = up(x, on: device)  // [Q, intermediate]
    let kept = options.isRecording ? intermediate : nil
    let activated = device.gelu(consume intermediate)
    var gated = activated
    if let gates = pass.gates?.neurons { device.scaleGroups(&gated, by: gates) }
    let projected = down(gated, on: device)  // [Q, hidden]
    let (y, normCache) = norm.forward(
      consume projected, residual: x,
      dropout: options.dropout(.feedForwardOutput, layer: pass.index), epsilon: pass.epsilon,
      gates: pass.channelGates, recording: options.isRecording, on: device)
    guard let kept, let normCache else { return (y, nil) }
    let cache = Cache(
      input: x, intermediate: kept, activated: activated, gated: gated, norm: normCache)
    return (y, cache)
  }
}

extension FeedForward where P == Linear {
  /// Returns dX; the gradient of what the down projection gives; and the gradients of the neurons'
  /// gates [sequences, neurons] and of the channels' where the pass had gates.
  func backward(
    _ dY: Tensor, _ cache: Cache, _ pass: LayerPass, into gradient: inout FeedForward
  ) -> (dX: Tensor, dProjected: Tensor, neurons: Tensor?, channels: Tensor?) {
    let device = pass.device
    let (dProjected, dResidual, channels) = norm.backward(
      dY, cache.norm, pass.queries, into: &gradient.norm, on: device)
    var dActivated = down.backward(
      dProjected, input: cache.gated, into: &gradient.down, on: device)
    var neurons: Tensor?
    if let gates = pass.gates?.neurons {
      neurons = device.groupProducts(
        cache.activated, dActivated, pass.queries, groups: gates.count)
      device.scaleGroups(&dActivated, by: gates)
    }
    let dIntermediate = device.geluBackward(consume dActivated, input: cache.intermediate)
    let dX = up.backward(
      dIntermediate, input: cache.input, adding: dResidual, into: &gradient.up, on: device)
    return (dX, dProjected, neurons, channels)
  }
}

extension FeedForward: Equatable where P: Equatable {}

extension FeedForward: Parameterized where P: Parameterized {
  public mutating func forEachParameter<E>(
    at path: String, _ body: (String, inout Tensor) throws(E) -> Void
  ) throws(E) {
    try up.forEachParameter(at: join(path, "up"), body)
    try down.forEachParameter(at: join(path, "down"), body)
    try norm.forEachParameter(at: join(path, "norm"), body)
  }
}
