// The attention half of a layer.

public import Tensors

/// Multi-head self-attention with its residual and normalization.
public struct SelfAttention<P: Projection>: Sendable {
  /// [3 · attention size, hidden]: queries, then keys, then values, each head by head.
  public var queryKeyValue: P
  /// [hidden, attention size].
  public var output: P
  /// After the residual.
  public var norm: LayerNorm

  /// What the backward pass needs.
  struct Cache: Sendable {
    let input, queryKeyValue, probabilities, context, gatedContext: Tensor
    let norm: LayerNorm.Cache
  }

  func forward(_ x: Tensor, _ pass: LayerPass) -> (output: Tensor, cache: Cache?) {
    let (device, options) = (pass.device, pass.options)
    let queryKeyValue = queryKeyValue(x, on: device)  // [T, 3 · attention]
    let (context, probabilities) = device.attention(
      queryKeyValue, pass.attention, recording: options.isRecording)  // [Q, attention]
    var gated = context
    if let gates = pass.gates?.heads { device.scaleGroups(&gated, by: gates) }
    let projected = output(gated, on: device)  // [Q, hidden]
    let residual =
      pass.firstTokenOnly ? device.gatherRows(x, at: pass.offsets.firstTokens) : x
    let (y, normCache) = norm.forward(
      consume projected, residual: residual,
      dropout: options.dropout(.attentionOutput, layer: pass.index), epsilon: pass.epsilon,
      gates: pass.channelGates, recording: options.isRecording, on: device)
    guard let probabilities, let normCache else { return (y, nil) }
    let cache = Cache(
      input: x, queryKeyValue: queryKeyValue, probabilities: probabilities, context: context,
      gatedContext: gated, norm: normCache)
    return (y, cache)
  }
}

extension SelfAttention where P == Linear {
  /// Returns dX; the gradient of what the output projection gives; and the gradients of the heads'
  /// gates [sequences, heads] and of the channels' where the pass had gates.
  func backward(
    _ dY: Tensor, _ cache: Cache, _ pass: LayerPass, into gradient: inout SelfAttention
  ) -> (dX: Tensor, dProjected: Tensor, heads: Tensor?, channels: Tensor?) {
    let device = pass.device
    let (dProjected, dResidual, channels) = norm.backward(
      dY, cache.norm, pass.queries, into: &gradient.norm, on: device)
    var dContext = output.backward(
      dProjected, input: cache.gatedContext, into: &gradient.output, on: device)
    var heads: Tensor?
    if let gates = pass.gates?.heads {
      heads = device.groupProducts(cache.context, dContext, pass.queries, groups: gates.count)
      device.scaleGroups(&dContext, by: gates)
    }
    let dQueryKeyValue = device.attentionBackward(
      dContext, queryKeyValue: cache.queryKeyValue, probabilities: cache.probabilities,
      pass.attention)
    if !pass.firstTokenOnly {
      let dX = queryKeyValue.backward(
        dQueryKeyValue, input: cache.input, adding: dResidual, into: &gradient.queryKeyValue,
        on: device)
      return (dX, dProjected, heads, channels)
    }
    var dX = queryKeyValue.backward(
      dQueryKeyValue, input: cache.input, into: &gradient.queryKeyValue, on: device)
    device.scatterAddRows(dResidual, at: pass.offsets.firstTokens, to: &dX)
    return (dX, dProjected, heads, channels)
  }
}

extension SelfAttention: Equatable where P: Equatable {}

extension SelfAttention: Parameterized where P: Parameterized {
  public mutating func forEachParameter<E>(
    at path: String, _ body: (String, inout Tensor) throws(E) -> Void
  ) throws(E) {
    try queryKeyValue.forEachParameter(at: join(path, "queryKeyValue"), body)
    try output.forEachParameter(at: join(path, "output"), body)
    try norm.forEachParameter(at: join(path, "norm"), body)
  }
}
