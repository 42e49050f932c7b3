// Weights laid out for inference on this machine: all of them, or without most of their zeros.

import CKernels

/// A weight matrix in the layout that this machine's products like best; read-only, for inference.
public final class PackedWeight: @unchecked Sendable {
  /// The size of an input row and of an output row.
  public let inputSize, outputSize: Int
  /// How the weight is kept.
  public let layout: WeightLayout
  private let kernel: Kernel
  private let device: Device

  private enum Kernel {
    case dense(OpaquePointer)
    case sparse(OpaquePointer)
  }

  /// Packs `weight` [outputs, inputs]. The device is kept, since the layout is its engine's.
  ///
  /// The layout follows from the weight's zeros, as ``WeightLayout/init(for:)`` says, unless one is
  /// given. `instructions` are what sparse products use; the machine must have them.
  public init(
    _ weight: Tensor, on device: Device, layout: WeightLayout? = nil,
    instructions: InstructionLevel = .highest
  ) {
    let layout = layout ?? WeightLayout(for: weight)
    (outputSize, inputSize) = (weight.shape[0], weight.shape[1])
    precondition(InstructionLevel.available.contains(instructions), "no \(instructions) here")
    let (outputs, inputs) = (Int32(outputSize), Int32(inputSize))
    func sparse(_ layout: pare_sparse_layout) -> Kernel? {
      pare_sparse_pack(weight.pointer, outputs, inputs, layout, instructions.level)
        .map { .sparse($0) }
    }
    let kernel: Kernel? =
      switch layout {
      case .dense:
        pare_pack(device.handle, PARE_F32, weight.pointer, outputs, inputs).map { .dense($0) }
      case .sparseRows: sparse(PARE_SPARSE_ROWS)
      case .sparseGroups: sparse(PARE_SPARSE_GROUPS)
      }
    guard let kernel else {
      preconditionFailure("cannot pack a weight of shape \(weight.shape) as \(layout): no memory")
    }
    (self.layout, self.kernel, self.device) = (layout, kernel, device)
  }

  deinit {
    switch kernel {
    case .dense(let packed): pare_packed_release(packed)
    case .sparse(let packed): pare_sparse_release(packed)
    }
  }

  /// The memory that the packed weight takes.
  public var byteCount: Int {
    switch kernel {
    case .dense(let packed): pare_packed_bytes(packed)
    case .sparse(let packed): pare_sparse_bytes(packed)
    }
  }

  fileprivate func product(_ x: Tensor, bias: Tensor, into y: Tensor, on device: Device) -> Bool {
    let (rows, target) = (Int32(x.rows), y.storage.pointer)
    return switch kernel {
    case .dense(let packed):
      pare_packed_product(device.handle, packed, x.pointer, rows, bias.pointer, target)
    case .sparse(let packed):
      pare_sparse_product(device.handle, packed, x.pointer, rows, bias.pointer, target)
    }
  }
}

extension Device {
  /// y = x · weightᵀ + bias with a weight packed for this machine.
  ///
  /// Of a sparse layout, zeros of the weight are passed over: what is infinite or not a number in x
  /// does not reach outputs that have no weight for it.
  public func linear(_ x: Tensor, packed weight: PackedWeight, bias: Tensor) -> Tensor {
    precondition(
      x.width == weight.inputSize && bias.count == weight.outputSize,
      "x is \(x.shape), bias \(bias.shape), weight [\(weight.outputSize), \(weight.inputSize)]")
    let y = Tensor(uninitialized: [x.rows, weight.outputSize])  // [rows, outputs]
    let done = weight.product(x, bias: bias, into: y, on: self)
    precondition(done, "no memory for a packed product of \(x.shape), or oneDNN refused it")
    return y
  }
}
