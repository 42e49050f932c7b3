// Operations over elements and rows: GELU, layer normalization with residual and dropout, softmax,
// sums.

import CKernels

/// Dropout as a function of position: the mask follows from the key, and is never stored.
public struct Dropout: Sendable {
  let native: pare_dropout

  /// No dropout.
  public static let none = Dropout(probability: 0, key: 0)

  /// Drops each element with `probability`, 0 ..< 1, and scales the rest by 1 / (1 − probability).
  public init(probability: Float, key: UInt64) {
    precondition(probability >= 0 && probability < 1, "dropout probability \(probability)")
    native = pare_dropout(probability: probability, key: key)
  }

  /// Whether anything is dropped.
  public var isActive: Bool { native.probability > 0 }
}

/// What the backward pass of a layer normalization needs.
public struct LayerNormCache: Sendable {
  var sum: Tensor
  var statistics: Tensor  // [rows, 2]: mean, 1 / deviation
  var dropout: Dropout
}

extension Device {
  /// GELU(x) = x Φ(x), exact (Hendrycks & Gimpel, 2016, arXiv:1606.08415).
  ///
  /// The result takes x's memory where nobody else holds it.
  public func gelu(_ x: consuming Tensor) -> Tensor {
    var y = x
    if isKnownUniquelyReferenced(&y.storage) && y.storage.isWritable {
      y.storage.willChange()
      pare_gelu_forward(handle, y.pointer, y.count, y.storage.pointer)
      return y
    }
    let result = Tensor(uninitialized: y.shape)
    pare_gelu_forward(handle, y.pointer, y.count, result.storage.pointer)
    return result
  }

  /// dX = dY · (Φ(x) + x φ(x)), in dY's memory where nobody else holds it.
  public func geluBackward(_ dY: consuming Tensor, input x: Tensor) -> Tensor {
    var dX = dY
    let target = dX.mutablePointer
    pare_gelu_backward(handle, x.pointer, target, dX.count, target)
    return dX
  }

  /// normalized(residual + dropout(x)) · weight + bias, each row by itself (Ba et al., 2016,
  /// arXiv:1607.06450). The cache is `nil` unless `recording`.
  public func layerNorm(
    _ x: consuming Tensor, residual: Tensor?, dropout: Dropout, weight: Tensor, bias: Tensor,
    epsilon: Float, recording: Bool
  ) -> (output: Tensor, cache: LayerNormCache?) {
    precondition(
      x.width == weight.count && residual.map { $0.shape == x.shape } ?? !dropout.isActive,
      "x is \(x.shape), weight \(weight.shape), residual \(residual?.shape ?? [])")
    let (rows, width) = (x.rows, x.width)
    var y = x
    let source = y.pointer
    var cache: LayerNormCache?
    if recording {
      cache = LayerNormCache(
        sum: Tensor(uninitialized: y.shape), statistics: Tensor(uninitialized: [rows, 2]),
        dropout: dropout)
    }
    // In x's own memory when nobody else holds it: an activation is read once.
    let inPlace = y.storage.isWritable && isKnownUniquelyReferenced(&y.storage)
    if inPlace { y.storage.willChange() }
    let result = inPlace ? y : Tensor(uninitialized: y.shape)
    pare_layer_norm_forward(
      handle, source, residual?.pointer, dropout.native, Int32(rows), Int32(width), weight.pointer,
      bias.pointer, epsilon, cache?.sum.storage.pointer, cache?.statistics.storage.pointer,
      result.storage.pointer)
    return (result, cache)
  }

  /// The gradients of `layerNorm`'s inputs; those of weight and bias are added to.
  public func layerNormBackward(
    _ dY: Tensor, _ cache: LayerNormCache, weight: Tensor,
    weightGradient: inout Tensor, biasGradient: inout Tensor
  ) -> (dX: Tensor, dResidual: Tensor) {
    let dSum = Tensor(uninitialized: dY.shape)
    let dX = cache.dropout.isActive ? Tensor(uninitialized: dY.shape) : dSum
    let done = pare_layer_norm_backward(
      handle, dY.pointer, cache.sum.pointer, cache.statistics.pointer, cache.dropout.native,
      Int32(dY.rows), Int32(dY.width), weight.pointer, dSum.storage.pointer, dX.storage.pointer,
      weightGradient.mutablePointer, biasGradient.mutablePointer)
    precondition(done, "out of memory in a layer normalization of shape \(dY.shape)")
    return (dX, dSum)
  }

  /// tanh(x).
  public func tanh(_ x: consuming Tensor) -> Tensor {
    var y = x
    pare_tanh_forward(y.mutablePointer, y.count)
    return y
  }

  /// dX = dY · (1 − y²), with y = tanh(x).
  public func tanhBackward(_ dY: consuming Tensor, output y: Tensor) -> Tensor {
    var dX = dY
    pare_tanh_backward(y.pointer, y.count, dX.mutablePointer)
    return dX
  }

  /// max(x, 0).
  public func relu(_ x: consuming Tensor) -> Tensor {
    var y = x
    pare_relu_forward(y.mutablePointer, y.count)
    return y
  }

  /// dX = dY where y = relu(x) is above 0, else 0.
  public func reluBackward(_ dY: consuming Tensor, output y: Tensor) -> Tensor {
    var dX = dY
    pare_relu_backward(y.pointer, y.count, dX.mutablePointer)
    return dX
  }

  /// x with dropout; its own backward pass.
  public func applyDropout(_ dropout: Dropout, to x: inout Tensor) {
    if dropout.isActive { pare_dropout_apply(handle, x.mutablePointer, x.count, dropout.native) }
  }

  /// y += x.
  public func add(_ x: Tensor, to y: inout Tensor) {
    precondition(x.shape == y.shape, "cannot add \(x.shape) to \(y.shape)")
    pare_add(handle, x.pointer, x.count, y.mutablePointer)
  }

  /// The softmax of each row.
  public func softmax(_ x: Tensor) -> Tensor {
    var y = x
    pare_softmax_rows(handle, y.mutablePointer, Int32(y.rows), Int32(y.width))
    return y
  }

  /// Σ x², summed in double precision and in a fixed order.
  public func sumOfSquares(_ x: Tensor) -> Double {
    pare_sum_of_squares(handle, x.pointer, x.count)
  }

  /// Whether every element is a number, neither NaN nor infinite.
  public func isFinite(_ x: Tensor) -> Bool { pare_all_finite(handle, x.pointer, x.count) }
}
