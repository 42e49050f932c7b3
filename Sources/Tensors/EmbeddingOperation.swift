// Embedding tables and rows picked by index, forward and backward.

import CKernels

extension Device {
  /// [tokens, width]: word[id] + position[firstPosition + place in the sequence] + tokenType[type].
  ///
  /// Ids, types and places must lie within their tables; that is checked. A table of no types adds
  /// nothing.
  public func embedding(
    ids: [Int32], types: [Int32], _ offsets: SequenceOffsets, firstPosition: Int = 0,
    word: Tensor, position: Tensor, tokenType: Tensor
  ) -> Tensor {
    precondition(ids.count == offsets.tokenCount && types.count == ids.count, "\(ids.count) ids")
    ids.requireRows(of: word, "word id")
    if tokenType.rows > 0 { types.requireRows(of: tokenType, "token type") }
    let longest = zip(offsets.values.dropFirst(), offsets.values).map { $0 - $1 }.max() ?? 0
    precondition(
      firstPosition + Int(longest) <= position.rows,
      "\(longest) tokens from \(firstPosition) on, \(position.rows) positions")
    let y = Tensor(uninitialized: [ids.count, word.width])
    pare_embedding_forward(
      handle, ids, types, offsets.values, Int32(offsets.count), Int32(firstPosition),
      Int32(word.width), word.pointer, position.pointer,
      tokenType.rows > 0 ? tokenType.pointer : nil, y.storage.pointer)
    return y
  }

  /// Adds dY's rows to the three tables' gradients.
  public func embeddingBackward(
    _ dY: Tensor, ids: [Int32], types: [Int32], _ offsets: SequenceOffsets,
    firstPosition: Int = 0, word: inout Tensor, position: inout Tensor, tokenType: inout Tensor
  ) {
    pare_embedding_backward(
      handle, ids, types, offsets.values, Int32(offsets.count), Int32(firstPosition),
      Int32(dY.width), dY.pointer, word.mutablePointer, position.mutablePointer,
      tokenType.rows > 0 ? tokenType.mutablePointer : nil)
  }

  /// The rows of x at `indices`.
  public func gatherRows(_ x: Tensor, at indices: [Int32]) -> Tensor {
    indices.requireRows(of: x, "index")
    let y = Tensor(uninitialized: [indices.count, x.width])
    pare_gather_rows(
      handle, x.pointer, indices, Int32(indices.count), Int32(x.width), y.storage.pointer)
    return y
  }

  /// The rows of y at `indices` += x; the indices are distinct.
  public func scatterAddRows(_ x: Tensor, at indices: [Int32], to y: inout Tensor) {
    precondition(x.shape == [indices.count, y.width], "\(x.shape) into \(y.shape)")
    indices.requireRows(of: y, "index")
    let width = x.width
    pare_scatter_add_rows(
      handle, x.pointer, indices, Int32(indices.count), Int32(width), y.mutablePointer)
  }
}

extension [Int32] {
  /// A row that is not there would be read from somebody else's memory.
  func requireRows(of table: Tensor, _ name: String) {
    let count = UInt32(table.rows)
    let wrong = first { UInt32(bitPattern: $0) >= count }
    precondition(wrong == nil, "\(name) \(wrong ?? 0), but the table has \(count) rows")
  }
}
