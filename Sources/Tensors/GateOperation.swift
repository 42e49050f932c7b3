// Gates on groups of columns: a head's context, a neuron, a channel, or a whole row.

import CKernels

extension Device {
  /// x [rows, gates · width / gates]: the columns of each group multiplied by its gate. Gates that
  /// are all 1 leave x as it is.
  public func scaleGroups(_ x: inout Tensor, by gates: [Float]) {
    guard gates.contains(where: { $0 != 1 }) else { return }
    let size = x.width / max(1, gates.count)
    precondition(size * gates.count == x.width, "\(gates.count) gates, \(x.shape)")
    let rows = x.rows
    pare_scale_groups(
      handle, x.mutablePointer, Int32(rows), Int32(gates.count), Int32(size), gates)
  }

  /// Σ a · b for each sequence and group of columns, [sequences, groups]: with a what a gate scales
  /// and b the gradient of the result, the gate's gradient, one example at a time.
  public func groupProducts(
    _ a: Tensor, _ b: Tensor, _ offsets: SequenceOffsets, groups: Int
  ) -> Tensor {
    let size = a.width / max(1, groups)
    precondition(
      a.shape == b.shape && a.rows == offsets.tokenCount && size * groups == a.width,
      "\(a.shape), \(b.shape), \(groups) groups")
    let products = Tensor(uninitialized: [offsets.count, groups])
    pare_group_products(
      handle, a.pointer, b.pointer, offsets.values, Int32(offsets.count), Int32(groups),
      Int32(size), products.storage.pointer)
    return products
  }
}
