// A file mapped into memory, and tensors that live in it.

import CKernels
public import Foundation

/// A file whose bytes are mapped read-only: opening costs nothing, pages come as they are touched.
///
/// The file must not be shortened while it is mapped.
public final class MappedFile: @unchecked Sendable {
  /// The file's size in bytes.
  public let count: Int
  private let start: UnsafeRawPointer?

  /// Maps the file; throws what the system says, such as a missing file.
  public init(_ url: URL) throws {
    let handle = try FileHandle(forReadingFrom: url)
    defer { try? handle.close() }
    count = Int(try handle.seekToEnd())
    start = count == 0 ? nil : UnsafeRawPointer(pare_map_file(handle.fileDescriptor, count))
    if count > 0 && start == nil {
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
  }

  deinit {
    if let start { pare_unmap_file(start, count) }
  }

  /// A copy of the bytes in `range`, which must lie within the file.
  public func data(_ range: Range<Int>) -> Data {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) of \(count) bytes")
    guard let start else { return Data() }
    return Data(bytes: start + range.lowerBound, count: range.count)
  }

  /// The tensor whose elements begin at byte `offset`. Aligned 32-bit floats stay in the file's
  /// pages; all else is widened into memory of its own, and the file's pages are given back. The
  /// bytes must lie within the file.
  public func tensor(at offset: Int, shape: [Int], as type: ElementType) -> Tensor {
    let elements = shape.reduce(1, *)
    precondition(
      offset >= 0 && offset + elements * type.byteCount <= count,
      "\(shape) \(type) at byte \(offset) of \(count)")
    guard let start, elements > 0 else { return Tensor(zeros: shape) }
    let source = start + offset
    let isAligned = UInt(bitPattern: source) % UInt(MemoryLayout<Float>.alignment) == 0
    if type == .f32 && isAligned {
      let floats = source.bindMemory(to: Float.self, capacity: elements)
      return Tensor(
        shape: shape, storage: Storage(mapping: floats, count: elements, of: self))
    }
    let tensor = Tensor(uninitialized: shape)
    for i in 0..<elements { tensor.storage.pointer[i] = type.load(source, i) }
    pare_release_pages(source, elements * type.byteCount)
    return tensor
  }
}

extension Tensor {
  /// Tensors laid end to end along the first size, in memory of their own.
  ///
  /// The pages of parts that lie in a mapped file are given back to the system, so that a model
  /// whose matrices are joined while it is read takes no more memory than one whose are not. The
  /// parts stay valid: when read again, their pages come from the file again.
  public init(joining parts: [Tensor]) {
    self = Tensor.concatenation(parts)
    for part in parts { part.storage.releasePages() }
  }
}
