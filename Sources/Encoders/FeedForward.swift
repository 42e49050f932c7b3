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
    let input, intermediate, activated: Tensor
    let norm: LayerNormCache
  }

  func forward(_ x: Tensor, _ pass: LayerPass) -> (output: Tensor, cache: Cache?) {
    let (device, options) = (pass.device, pass.options)
    let intermediate = up(x, on: device)  // [Q, intermediate]
    let kept = options.isRecording ? intermediate : nil
    let activated = device.gelu(consume intermediate)
    let projected = down(activated, on: device)  // [Q, hidden]
    let (y, normCache) = norm.forward(
      consume projected, residual: x,
      dropout: options.dropout(.feedForwardOutput, layer: pass.index), epsilon: pass.epsilon,
      recording: options.isRecording, on: device)
    guard let kept, let normCache else { return (y, nil) }
    return (y, Cache(input: x, intermediate: kept, activated: activated, norm: normCache))
  }
}

extension FeedForward where P == Linear {
  func backward(
    _ dY: Tensor, _ cache: Cache, into gradient: inout FeedForward, on device: Device
  ) -> Tensor {
    let (dProjected, dResidual) = norm.backward(
      dY, cache.norm, into: &gradient.norm, on: device)
    let dActivated = down.backward(
      dProjected, input: cache.activated, into: &gradient.down, on: device)
    let dIntermediate = device.geluBackward(consume dActivated, input: cache.intermediate)
    return up.backward(
      dIntermediate, input: cache.input, adding: dResidual, into: &gradient.up, on: device)
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
