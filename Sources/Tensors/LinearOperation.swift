// y = x · weightᵀ + bias, forward and backward.

import CKernels

/// How the operands of a plain matrix product are stored while it is computed; sums are always in
/// 32 bits, and so is everything between products.
public enum ProductPrecision: String, Codable, CaseIterable, Sendable {
  /// 32-bit floats.
  case f32
  /// bfloat16 (Kalamkar et al., 2019, arXiv:1905.12322): about twice as fast where the machine
  /// multiplies it, with 8 significant bits.
  case bf16
}

extension Device {
  /// y [rows, outputs] = x [rows, inputs] · weightᵀ + bias; weight is [outputs, inputs].
  public func linear(_ x: Tensor, weight: Tensor, bias: Tensor) -> Tensor {
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    precondition(x.width == inputs, "x is \(x.shape), weight \(weight.shape)")
    let y = Tensor(uninitialized: [x.rows, outputs])  // [rows, outputs]
    let done =
      switch products {
      case .f32:
        pare_linear_forward(
          handle, x.pointer, Int32(x.rows), Int32(inputs), weight.pointer, Int32(outputs),
          bias.pointer, y.storage.pointer)
      case .bf16:
        withNarrowed(x, weight) {
          pare_narrow_forward(handle, $0, $1, bias.pointer, y.storage.pointer)
        }
      }
    precondition(done, "oneDNN refused a product of \(x.shape) and \(weight.shape)")
    return y
  }

  /// dX = dY · weight, plus `other` where given (its memory is taken); weightGradient += dYᵀ · x;
  /// biasGradient += column sums of dY.
  public func linearBackward(
    _ dY: Tensor, input x: Tensor, weight: Tensor, adding other: consuming Tensor? = nil,
    weightGradient: inout Tensor, biasGradient: inout Tensor
  ) -> Tensor {
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    precondition(
      dY.width == outputs && x.width == inputs && dY.rows == x.rows
        && weightGradient.shape == weight.shape && biasGradient.count == outputs,
      "dY is \(dY.shape), x \(x.shape), weight \(weight.shape), \(weightGradient.shape)")
    let accumulates = other != nil
    var dX = other ?? Tensor(uninitialized: [dY.rows, inputs])  // [rows, inputs]
    precondition(dX.count == dY.rows * inputs, "adding \(dX.shape) to [\(dY.rows), \(inputs)]")
    let done =
      switch products {
      case .f32:
        pare_linear_backward(
          handle, dY.pointer, Int32(dY.rows), Int32(outputs), x.pointer, Int32(inputs),
          weight.pointer, accumulates, dX.mutablePointer, weightGradient.mutablePointer,
          biasGradient.mutablePointer)
      case .bf16:
        withNarrowed(x, weight) {
          pare_narrow_backward(
            handle, dY.pointer, $0, $1, accumulates, dX.mutablePointer,
            weightGradient.mutablePointer, biasGradient.mutablePointer)
        }
      }
    precondition(done, "oneDNN refused a product of \(dY.shape) and \(weight.shape)")
    return dX
  }

  /// The copies are held until `body` is done: what a storage keeps may be replaced meanwhile.
  private func withNarrowed<Result>(
    _ a: Tensor, _ b: Tensor, _ body: (OpaquePointer, OpaquePointer) -> Result
  ) -> Result {
    let copies = (a.narrowed(on: self), b.narrowed(on: self))
    return withExtendedLifetime(copies) { body(copies.0.handle, copies.1.handle) }
  }
}
