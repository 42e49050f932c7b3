// When a matrix is written without its zero blocks, and in which blocks.

import Foundation
import Tensors

/// A matrix as `NAME.mask` and `NAME.values`.
struct OmittedZeros {
  let blocks: SerializedBlocks

  /// The blocks that are tried: single weights, what the products of Tensors like, and what weights
  /// are usually cut by. The smallest wins, the first of equals.
  private static let candidates = [
    BlockShape(1, 1), BlockShape(4, 1), BlockShape(1, 16), BlockShape(32, 32),
  ]

  /// `nil` for what is no matrix, and where less than an eighth would be saved: whole tensors of
  /// 32-bit floats stay in the mapped file when they are read, these take memory.
  init?(_ tensor: Tensor, as type: ElementType) {
    guard tensor.shape.count == 2, tensor.count > 0 else { return nil }
    let (bytes, shape) = (tensor.serialized(as: type), tensor.shape)
    func size(_ block: BlockShape) -> Int {
      let kept = SerializedBlocks.keptCount(of: bytes, shape: shape, as: type, block: block)
      return (tensor.count / block.count + 7) / 8 + kept * block.count * type.byteCount
    }
    func isWorthwhile(_ size: Int) -> Bool { size <= bytes.count / 8 * 7 }
    var best: (block: BlockShape, size: Int)?
    for block in Self.candidates where block.divides(shape) {
      let size = size(block)
      // Larger blocks keep no fewer weights, and the finest mask is at most an eighth of a byte
      // each.
      if block.count == 1 && !isWorthwhile(size - tensor.count / 8) { return nil }
      guard isWorthwhile(size), bytes.count <= size * SparseEntry.mostExpansion else { continue }
      if size < best?.size ?? .max { best = (block, size) }
    }
    guard let best else { return nil }
    blocks = SerializedBlocks(of: bytes, shape: shape, as: type, block: best.block)
  }

  /// What the metadata says of it.
  var claim: [String: [Int]] {
    let block = blocks.mask.block
    return ["block": [block.rows, block.columns], "shape": blocks.mask.shape]
  }

  /// The shape of the values.
  var valuesShape: [Int] {
    let mask = blocks.mask
    return [mask.keptCount, mask.block.rows, mask.block.columns]
  }
}
