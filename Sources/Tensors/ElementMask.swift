// Which elements of a tensor stay.

import CKernels

/// One bit an element of a tensor: 1 where it stays, 0 where it is to be zero.
public struct ElementMask: Equatable, Sendable {
  /// The elements that it is for.
  public let count: Int
  /// 32 elements a word, the lowest bit first.
  private let words: [UInt32]

  /// A mask of given bits, the lowest of a byte first; there must be a byte for every eight
  /// elements.
  public init(_ bytes: [UInt8], count: Int) {
    precondition(bytes.count == (count + 7) / 8, "\(bytes.count) bytes for \(count) elements")
    self.count = count
    words = stride(from: 0, to: bytes.count, by: 4).map { start in
      (start..<min(start + 4, bytes.count)).reduce(0) { word, index in
        word | UInt32(bytes[index]) << UInt32(8 * (index - start))
      }
    }
  }

  fileprivate func withWords(_ body: (UnsafePointer<UInt32>) -> Void) {
    words.withUnsafeBufferPointer { if let start = $0.baseAddress { body(start) } }
  }
}

extension Device {
  /// Sets x to zero wherever `mask` has no bit. NaN becomes zero there, too.
  public func clear(_ x: inout Tensor, outside mask: ElementMask) {
    precondition(x.count == mask.count, "a mask of \(mask.count) elements for \(x.shape)")
    let target = x.mutablePointer
    mask.withWords { pare_clear_outside(handle, $0, mask.count, target) }
  }

  /// x −= a · b, element by element.
  public func subtractProducts(_ a: Tensor, _ b: Tensor, from x: inout Tensor) {
    precondition(a.shape == x.shape && b.shape == x.shape, "\(a.shape), \(b.shape), \(x.shape)")
    pare_subtract_products(handle, a.pointer, b.pointer, x.count, x.mutablePointer)
  }
}
