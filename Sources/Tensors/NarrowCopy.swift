// The bfloat16 copy of a tensor that products work on.

import CKernels
import Synchronization

/// A matrix in bfloat16; read-only.
final class NarrowCopy: @unchecked Sendable {
  let handle: OpaquePointer
  let shape: [Int]

  init(_ tensor: Tensor, on device: Device) {
    let handle = pare_narrow_create(
      device.handle, tensor.pointer, Int32(tensor.rows), Int32(tensor.width))
    guard let handle else {
      preconditionFailure("out of memory: a copy of shape \(tensor.shape)")
    }
    (self.handle, shape) = (handle, tensor.shape)
  }

  deinit { pare_narrow_release(handle) }
}

extension Tensor {
  /// The elements in bfloat16, made once and kept until one of them changes: a weight is narrowed
  /// once a step, and an activation is at hand when the backward pass comes.
  func narrowed(on device: Device) -> NarrowCopy {
    storage.narrowCopy.withLock { kept in
      if let kept, kept.shape == shape { return kept }
      let copy = NarrowCopy(self, on: device)
      kept = copy
      return copy
    }
  }
}
