// Matrices in which whole blocks are zero: which are not, and what these hold. How they lie in
// files.

public import Foundation

/// The sizes of blocks that a matrix is cut into.
public struct BlockShape: Hashable, Sendable {
  /// Both at least 1.
  public let rows, columns: Int

  /// A block of these sizes.
  public init(_ rows: Int, _ columns: Int) {
    precondition(rows > 0 && columns > 0, "a block of \(rows) × \(columns)")
    (self.rows, self.columns) = (rows, columns)
  }

  /// Elements of a block.
  public var count: Int { rows * columns }

  /// Whether blocks cover a matrix of this shape without a rest.
  public func divides(_ shape: [Int]) -> Bool {
    shape.count == 2 && shape[0] % rows == 0 && shape[1] % columns == 0
  }
}

/// One bit a block of a matrix: 1 where the block is kept. Blocks in row-major order, the lowest
/// bit of a byte first.
public struct BlockMask: Equatable, Sendable {
  /// The blocks' sizes, which divide the matrix's.
  public let block: BlockShape
  /// The matrix's shape.
  public let shape: [Int]
  /// The bits, and zeros up to a whole byte.
  public let bytes: [UInt8]

  /// A mask of given bits; `nil` unless there are exactly as many bytes as blocks need, and zeros
  /// behind the last.
  public init?(_ bytes: [UInt8], block: BlockShape, shape: [Int]) {
    precondition(block.divides(shape), "blocks of \(block) do not divide \(shape)")
    self.block = block
    self.shape = shape
    self.bytes = bytes
    guard bytes.count == (blockCount + 7) / 8 else { return nil }
    let rest = blockCount % 8
    if rest > 0, let last = bytes.last, last >> rest != 0 { return nil }
  }

  /// All blocks.
  public var blockCount: Int { shape[0] / block.rows * (shape[1] / block.columns) }

  /// The blocks that are kept.
  public var keptCount: Int { bytes.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// Calls `body` with the first element of each block that is kept, in order.
  func forEachKept(_ body: (_ offset: Int) -> Void) {
    let across = shape[1] / block.columns
    for (index, byte) in bytes.enumerated() where byte != 0 {
      var left = byte
      while left != 0 {
        let place = index * 8 + left.trailingZeroBitCount
        body(place / across * block.rows * shape[1] + place % across * block.columns)
        left &= left - 1
      }
    }
  }
}

extension Tensor {
  /// The matrix whose kept blocks are `values`, block after block; zeros elsewhere. There must be
  /// as many values as the mask keeps. Pages of values in a mapped file are given back to the
  /// system.
  public init(scattering values: Tensor, by mask: BlockMask) {
    let (block, width) = (mask.block, mask.shape[1])
    precondition(
      values.count == mask.keptCount * block.count, "\(values.shape) for \(mask.keptCount) blocks")
    self.init(zeros: mask.shape)
    var source = values.pointer
    mask.forEachKept { offset in
      for row in 0..<block.rows {
        (storage.pointer + offset + row * width).update(from: source, count: block.columns)
        source += block.columns
      }
    }
    values.storage.releasePages()
  }
}

/// A matrix as a file holds it, without the blocks that are zero in every bit: −0 is kept.
public struct SerializedBlocks: Sendable {
  /// Which blocks are kept.
  public let mask: BlockMask
  /// Their elements, block after block, little-endian.
  public let values: Data

  /// Cuts the bytes of a matrix, as ``Tensor/serialized(as:)`` gives them.
  public init(of bytes: Data, shape: [Int], as type: ElementType, block: BlockShape) {
    precondition(
      bytes.count == shape.reduce(type.byteCount, *), "\(bytes.count) bytes for \(shape) \(type)")
    let kept = bytes.withUnsafeBytes { Self.keptBlocks(of: $0, shape, type, block) }
    var packed = [UInt8](repeating: 0, count: (kept.count + 7) / 8)
    for (place, isKept) in kept.enumerated() where isKept { packed[place / 8] |= 1 << (place % 8) }
    guard let mask = BlockMask(packed, block: block, shape: shape) else {
      preconditionFailure("a mask of \(packed.count) bytes for \(kept.count) blocks")
    }
    var values = Data(capacity: mask.keptCount * block.count * type.byteCount)
    bytes.withUnsafeBytes { bytes in
      mask.forEachKept { offset in
        for row in 0..<block.rows {
          let start = (offset + row * shape[1]) * type.byteCount
          values.append(contentsOf: bytes[start..<start + block.columns * type.byteCount])
        }
      }
    }
    (self.mask, self.values) = (mask, values)
  }

  /// The blocks that have a bit, without making anything.
  public static func keptCount(
    of bytes: Data, shape: [Int], as type: ElementType, block: BlockShape
  ) -> Int {
    bytes.withUnsafeBytes { bytes in
      keptBlocks(of: bytes, shape, type, block).reduce(0) { $0 + ($1 ? 1 : 0) }
    }
  }

  private static func keptBlocks(
    of bytes: UnsafeRawBufferPointer, _ shape: [Int], _ type: ElementType, _ block: BlockShape
  ) -> [Bool] {
    switch type {
    case .f32: keptBlocks(of: bytes, UInt32.self, shape, block)
    case .f16, .bf16: keptBlocks(of: bytes, UInt16.self, shape, block)
    }
  }

  private static func keptBlocks<Bits: FixedWidthInteger>(
    of bytes: UnsafeRawBufferPointer, _ type: Bits.Type, _ shape: [Int], _ block: BlockShape
  ) -> [Bool] {
    let (across, size) = (shape[1] / block.columns, MemoryLayout<Bits>.size)
    var kept = [Bool](repeating: false, count: shape[0] / block.rows * across)
    for row in 0..<shape[0] {
      let (line, first) = (row * shape[1], row / block.rows * across)
      for place in 0..<across where !kept[first + place] {
        let start = line + place * block.columns
        var bits: Bits = 0
        for element in start..<start + block.columns {
          bits |= bytes.loadUnaligned(fromByteOffset: element * size, as: Bits.self)
        }
        kept[first + place] = bits != 0
      }
    }
    return kept
  }
}
