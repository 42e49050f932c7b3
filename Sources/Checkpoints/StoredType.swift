// The types that a safetensors file may hold.

public import Tensors

/// A number format that the safetensors format knows, whether or not a tensor can be read from it.
public enum StoredType: String, CaseIterable, Sendable {
  /// Computed with, as ``elementType`` says.
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  /// Listed only.
  case f64 = "F64"
  case c64 = "C64"
  case f8E5M2 = "F8_E5M2"
  case f8E4M3 = "F8_E4M3"
  case f8E8M0 = "F8_E8M0"
  case f8E4M3FNUZ = "F8_E4M3FNUZ"
  case f8E5M2FNUZ = "F8_E5M2FNUZ"
  case f6E2M3 = "F6_E2M3"
  case f6E3M2 = "F6_E3M2"
  case f4 = "F4"
  case i64 = "I64"
  case i32 = "I32"
  case i16 = "I16"
  case i8 = "I8"
  case u64 = "U64"
  case u32 = "U32"
  case u16 = "U16"
  case u8 = "U8"
  case bool = "BOOL"

  /// The type as one that tensors are read from, or `nil`.
  public var elementType: ElementType? { ElementType(rawValue: rawValue) }

  /// Bits that one element takes; elements narrower than a byte lie packed.
  public var bitCount: Int {
    switch self {
    case .f64, .c64, .i64, .u64: 64
    case .f32, .i32, .u32: 32
    case .f16, .bf16, .i16, .u16: 16
    case .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ, .i8, .u8, .bool: 8
    case .f6E2M3, .f6E3M2: 6
    case .f4: 4
    }
  }
}

extension ElementType {
  /// The same type among all that the format knows.
  var stored: StoredType {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    }
  }
}
