// Which blocks of one matrix stay.

import Foundation
public import Tensors

/// One bit a block of a matrix: 1 where it stays. Blocks lie in row-major order, the lowest bit of
/// a byte first. Where sizes are no multiple of the block's, the last blocks are cut off at the
/// edge.
public struct MatrixMask: Equatable, Sendable {
  /// The matrix's sizes, and a whole block's.
  public let shape: [Int]
  public let block: BlockShape
  /// The bits, and zeros up to a whole byte.
  public private(set) var bytes: [UInt8]

  /// A mask from a bit for each block.
  init(_ isKept: [Bool], block: BlockShape, shape: [Int]) {
    (self.shape, self.block) = (shape, block)
    bytes = Array(repeating: 0, count: (isKept.count + 7) / 8)
    for (index, isKept) in isKept.enumerated() where isKept {
      bytes[index / 8] |= 1 << UInt8(index % 8)
    }
    precondition(isKept.count == blockCount, "\(isKept.count) bits for \(blockCount) blocks")
  }

  /// The mask that keeps all.
  init(keepingAllOf shape: [Int], block: BlockShape) {
    let count =
      (shape[0] + block.rows - 1) / block.rows
      * ((shape[1] + block.columns - 1) / block.columns)
    self.init(Array(repeating: true, count: count), block: block, shape: shape)
  }

  /// A mask of given bits; `nil` unless these are as many as there are blocks, with zeros behind
  /// the last.
  init?(bytes: [UInt8], block: BlockShape, shape: [Int]) {
    (self.shape, self.block, self.bytes) = (shape, block, bytes)
    // A file's word for the shape must not overflow.
    guard shape.count == 2, shape.allSatisfy({ $0 >= 0 && $0 < 1 << 24 }) else { return nil }
    guard bytes.count == (blockCount + 7) / 8 else { return nil }
    let rest = blockCount % 8
    if rest > 0, let last = bytes.last, last >> UInt8(rest) != 0 { return nil }
  }

  /// Blocks from top to bottom and from left to right.
  var blockRows: Int { (shape[0] + block.rows - 1) / block.rows }
  var blockColumns: Int { (shape[1] + block.columns - 1) / block.columns }

  /// All blocks.
  public var blockCount: Int { blockRows * blockColumns }

  /// The blocks that stay.
  public var keptCount: Int { bytes.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// Whether block `index` stays.
  public subscript(index: Int) -> Bool {
    precondition(index >= 0 && index < blockCount, "block \(index) of \(blockCount)")
    return bytes[index / 8] >> UInt8(index % 8) & 1 == 1
  }

  /// A bit for each block.
  var isKept: [Bool] { (0..<blockCount).map { bytes[$0 / 8] >> UInt8($0 % 8) & 1 == 1 } }

  /// The weights that stay.
  public var keptWeightCount: Int {
    if block.count == 1 { return keptCount }
    return (0..<blockCount).reduce(0) { self[$1] ? $0 + weightCount(ofBlock: $1) : $0 }
  }

  /// The weights of block `index`: fewer than elsewhere at an edge that cuts it.
  func weightCount(ofBlock index: Int) -> Int {
    let (row, column) = index.quotientAndRemainder(dividingBy: blockColumns)
    return min(block.rows, shape[0] - row * block.rows)
      * min(block.columns, shape[1] - column * block.columns)
  }

  /// The same mask weight by weight.
  public var elements: ElementMask {
    if block.count == 1 { return ElementMask(bytes, count: shape[0] * shape[1]) }
    let mask = MatrixMask(elementBits, block: BlockShape(1, 1), shape: shape)
    return ElementMask(mask.bytes, count: shape[0] * shape[1])
  }

  private var elementBits: [Bool] {
    let (kept, columns) = (isKept, blockColumns)
    var bits: [Bool] = []
    bits.reserveCapacity(shape[0] * shape[1])
    for row in 0..<shape[0] {
      let first = row / block.rows * columns
      for column in 0..<shape[1] { bits.append(kept[first + column / block.columns]) }
    }
    return bits
  }
}

/// Masks as tensors: 16 bits a number, which every format of floats with 24 digits holds exactly.
extension MatrixMask {
  var tensor: Tensor {
    let numbers = stride(from: 0, to: bytes.count, by: 2).map { index in
      Float(UInt16(bytes[index]) | (index + 1 < bytes.count ? UInt16(bytes[index + 1]) << 8 : 0))
    }
    return Tensor(numbers, shape: [numbers.count])
  }

  /// The mask with other bits; numbers that stand for none, in a damaged file, are taken as zeros.
  func with(_ tensor: Tensor) -> MatrixMask {
    var copy = self
    copy.bytes = tensor.elements.flatMap { number -> [UInt8] in
      let bits = UInt16(exactly: number) ?? 0
      return [UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)]
    }
    copy.bytes.removeLast(copy.bytes.count - bytes.count)
    if blockCount % 8 > 0 { copy.bytes[bytes.count - 1] &= 1 << UInt8(blockCount % 8) - 1 }
    return copy
  }
}
