// Layer normalization with its residual.

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

  func forward(
    _ x: consuming Tensor, residual: Tensor? = nil, dropout: Dropout = .none, epsilon: Float,
    recording: Bool, on device: Device
  ) -> (output: Tensor, cache: LayerNormCache?) {
    device.layerNorm(
      x, residual: residual, dropout: dropout, weight: weight, bias: bias, epsilon: epsilon,
      recording: recording)
  }

  func backward(
    _ dY: Tensor, _ cache: LayerNormCache, into gradient: inout LayerNorm, on device: Device
  ) -> (dX: Tensor, dResidual: Tensor) {
    device.layerNormBackward(
      dY, cache, weight: weight, weightGradient: &gradient.weight, biasGradient: &gradient.bias)
  }

  public mutating func forEachParameter<E>(
    at path: String, _ body: (String, inout Tensor) throws(E) -> Void
  ) throws(E) {
    try body(join(path, "weight"), &weight)
    try body(join(path, "bias"), &bias)
  }
}
