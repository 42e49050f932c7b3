// Layer normalization with its residual, and the gates of the channels that it writes.

public import Tensors

/// normalized(residual + dropout(x)) · weight + bias over each row (Ba et al., 2016,
/// arXiv:1607.06450).
public struct LayerNorm: Parameterized, Equatable {
  /// [hidden].
  public var weight: Tensor
  /// [hidden].
  public var bias: Tensor

  /// A normalization that changes nothing but scale and mean.
  public init(size: Int) {
    weight = Tensor(repeating: 1, shape: [size])
    bias = Tensor(zeros: size)
  }

  /// What the backward pass needs.
  struct Cache: Sendable {
    let native: LayerNormCache
    /// Where there were gates.
    var gated: (gates: ChannelGates, output: Tensor)?
  }

  func forward(
    _ x: consuming Tensor, residual: Tensor? = nil, dropout: Dropout = .none, epsilon: Float,
    gates: ChannelGates? = nil, recording: Bool, on device: Device
  ) -> (output: Tensor, cache: Cache?) {
    guard let gates else {
      let (y, cache) = device.layerNorm(
        x, residual: residual, dropout: dropout, weight: weight, bias: bias, epsilon: epsilon,
        recording: recording)
      return (y, cache.map { Cache(native: $0) })
    }
    let narrow = gates.narrowed(self)
    let (narrowY, native) = device.layerNorm(
      gates.narrowed(consume x), residual: residual.map(gates.narrowed), dropout: dropout,
      weight: narrow.weight, bias: narrow.bias, epsilon: epsilon, recording: recording)
    var y = gates.widened(narrowY)
    device.scaleGroups(&y, by: gates.values)
    return (y, native.map { Cache(native: $0, gated: (gates, y)) })
  }

  /// Returns dX and dResidual, and the gradients of the channels' gates [sequences, hidden] where
  /// there were gates.
  func backward(
    _ dY: Tensor, _ cache: Cache, _ offsets: SequenceOffsets,
    into gradient: inout LayerNorm, on device: Device
  ) -> (dX: Tensor, dResidual: Tensor, channels: Tensor?) {
    guard let (gates, output) = cache.gated else {
      let (dX, dResidual) = device.layerNormBackward(
        dY, cache.native, weight: weight, weightGradient: &gradient.weight,
        biasGradient: &gradient.bias)
      return (dX, dResidual, nil)
    }
    // The output after its gate g is g · y; of it and its gradient the sum is g times what y would
    // give.
    var products = device.groupProducts(output, dY, offsets, groups: gates.values.count)
    device.scaleGroups(&products, by: gates.values.map { $0 == 0 ? 0 : 1 / $0 })
    var dOpen = dY
    device.scaleGroups(&dOpen, by: gates.values)
    var narrowGradient = gates.narrowed(gradient)
    let (dX, dResidual) = device.layerNormBackward(
      gates.narrowed(dOpen), cache.native, weight: gates.narrowed(self).weight,
      weightGradient: &narrowGradient.weight, biasGradient: &narrowGradient.bias)
    gates.put(narrowGradient, into: &gradient)
    return (gates.widened(dX), gates.widened(dResidual), products)
  }

  public mutating func forEachParameter<E>(
    at path: String, _ body: (String, inout Tensor) throws(E) -> Void
  ) throws(E) {
    try body(join(path, "weight"), &weight)
    try body(join(path, "bias"), &bias)
  }
}

/// The gates of hidden channels. A normalization's mean and variance are those of the open
/// channels, as they will be when the others are cut.
struct ChannelGates: Sendable {
  let values: [Float]
  /// The channels that are open; `nil` where all are.
  private let open: [Int]?

  init(_ values: [Float]) {
    self.values = values
    open = values.contains(0) ? values.indices.filter { values[$0] != 0 } : nil
  }

  func narrowed(_ x: consuming Tensor) -> Tensor {
    guard let open else { return x }
    return x.columns(at: open)
  }

  func narrowed(_ norm: LayerNorm) -> LayerNorm {
    guard let open else { return norm }
    var narrow = norm
    narrow.weight = norm.weight.rows(at: open)
    narrow.bias = norm.bias.rows(at: open)
    return narrow
  }

  func widened(_ x: consuming Tensor) -> Tensor {
    guard let open else { return x }
    return x.spreadColumns(to: open, of: values.count)
  }

  func put(_ narrow: LayerNorm, into norm: inout LayerNorm) {
    guard let open else {
      norm = narrow
      return
    }
    for (index, channel) in open.enumerated() {
      norm.weight[channel] = narrow.weight[index]
      norm.bias[channel] = narrow.bias[index]
    }
  }
}
