// How numbers are stored in files.

public import Foundation

/// A number format in which a tensor's elements can be stored.
public enum ElementType: String, Codable, CaseIterable, Sendable {
  /// IEEE 754 single precision.
  case f32 = "F32"
  /// IEEE 754 half precision.
  case f16 = "F16"
  /// The upper half of a single-precision number.
  case bf16 = "BF16"

  /// Bytes that one element takes.
  public var byteCount: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    }
  }

  func load(_ bytes: UnsafeRawPointer, _ index: Int) -> Float {
    func half() -> UInt16 { bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self) }
    return switch self {
    case .f32: bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
    case .f16: Self.widen(half())
    case .bf16: Float(bitPattern: UInt32(half()) << 16)
    }
  }

  /// Swift has no `Float16` on every platform, hence by hand: sign, 5 bits of exponent, 10 of
  /// fraction.
  private static func widen(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 0x1f)
    let fraction = UInt32(bits & 0x3ff)
    switch exponent {
    case 0:
      let magnitude = Float(fraction) * 0x1p-24
      return sign == 0 ? magnitude : -magnitude
    case 31: return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }

  /// Rounds to nearest, ties to even; overflow becomes infinity.
  static func narrow(_ value: Float) -> UInt16 {
    let sign = UInt16(value.bitPattern >> 16 & 0x8000)
    if value.isNaN { return sign | 0x7e00 }
    let magnitude = value.magnitude
    if magnitude >= 65520 { return sign | 0x7c00 }
    if magnitude < 0x1p-14 {
      return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
    }
    let bits = magnitude.bitPattern
    let rounded = bits + 0xfff + (bits >> 13 & 1)
    return sign | UInt16((rounded >> 13) - (112 << 10))
  }

  /// Rounds to nearest, ties to even.
  static func narrowToBFloat(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(bits >> 16) | 0x40 }
    return UInt16((bits + 0x7fff + (bits >> 16 & 1)) >> 16)
  }
}

extension Tensor {
  /// The elements' bytes as a file holds them, little-endian.
  public func serialized(as type: ElementType) -> Data {
    switch type {
    case .f32: return Data(bytes: storage.pointer, count: count * 4)
    case .f16: return halves(ElementType.narrow)
    case .bf16: return halves(ElementType.narrowToBFloat)
    }
  }

  private func halves(_ narrow: (Float) -> UInt16) -> Data {
    var data = Data(count: count * 2)
    data.withUnsafeMutableBytes { bytes in
      for i in 0..<count {
        bytes.storeBytes(of: narrow(storage.pointer[i]), toByteOffset: i * 2, as: UInt16.self)
      }
    }
    return data
  }
}
