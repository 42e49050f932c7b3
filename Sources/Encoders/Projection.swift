// A linear map as the encoder sees it, and its two kinds in 32-bit floats.

public import Tensors

/// y = x · weightᵀ + bias, however the weight is stored. The encoder is generic over it: there is
/// no second copy of the model for packed or narrow weights.
public protocol Projection: Sendable {
  /// The width of an input row and of an output row.
  var inputSize: Int { get }
  var outputSize: Int { get }
  /// y [rows, outputs] of x [rows, inputs].
  func callAsFunction(_ x: Tensor, on device: Device) -> Tensor
}

/// A linear map that can be trained.
public struct Linear: Projection, Parameterized, Equatable {
  /// [outputs, inputs].
  public var weight: Tensor
  /// [outputs].
  public var bias: Tensor

  /// A map of given parameters.
  public init(weight: Tensor, bias: Tensor) {
    precondition(
      weight.shape.count == 2 && bias.shape == [weight.shape[0]], "\(weight.shape), \(bias.shape)")
    self.weight = weight
    self.bias = bias
  }

  public var inputSize: Int { weight.shape[1] }
  public var outputSize: Int { weight.shape[0] }

  public func callAsFunction(_ x: Tensor, on device: Device) -> Tensor {
    device.linear(x, weight: weight, bias: bias)
  }

  /// dWeight += dYᵀ x, dBias += Σ dY; returns dX = dY · weight (+ `other`).
  func backward(
    _ dY: Tensor, input x: Tensor, adding other: consuming Tensor? = nil,
    into gradient: inout Linear, on device: Device
  ) -> Tensor {
    device.linearBackward(
      dY, input: x, weight: weight, adding: other, weightGradient: &gradient.weight,
      biasGradient: &gradient.bias)
  }

  public mutating func forEachParameter<E>(
    at path: String, _ body: (String, inout Tensor) throws(E) -> Void
  ) throws(E) {
    try body(join(path, "weight"), &weight)
    try body(join(path, "bias"), &bias)
  }
}

/// A linear map whose weight was packed for this machine; for inference.
public struct PackedLinear: Projection {
  private let weight: PackedWeight
  private let bias: Tensor

  /// Packs a map.
  public init(_ linear: Linear, on device: Device) {
    weight = PackedWeight(linear.weight, on: device)
    bias = linear.bias
  }

  public var inputSize: Int { weight.inputSize }
  public var outputSize: Int { weight.outputSize }

  /// The memory that weight and bias take.
  public var byteCount: Int { weight.byteCount + bias.count * 4 }

  public func callAsFunction(_ x: Tensor, on device: Device) -> Tensor {
    device.linear(x, packed: weight, bias: bias)
  }
}
