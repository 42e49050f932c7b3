// Scalars in bytes of UTF-8.

extension [UInt8] {
  /// The scalar that starts at `position` of UTF-8, and where it ends.
  @inline(__always)
  func scalar(at position: Int) -> (value: UInt32, end: Int) {
    let byte = UInt32(self[position])
    if byte < 0x80 { return (byte, position + 1) }
    func further(_ offset: Int) -> UInt32 { UInt32(self[position + offset]) & 0x3F }
    if byte < 0xE0 { return ((byte & 0x1F) << 6 | further(1), position + 2) }
    if byte < 0xF0 {
      return ((byte & 0x0F) << 12 | further(1) << 6 | further(2), position + 3)
    }
    let high = (byte & 0x07) << 18 | further(1) << 12
    return (high | further(2) << 6 | further(3), position + 4)
  }

  /// Appends a scalar as UTF-8.
  mutating func append(scalar: UInt32) {
    func further(_ shift: UInt32) -> UInt8 {
      UInt8(truncatingIfNeeded: 0x80 | (scalar >> shift) & 0x3F)
    }
    switch scalar {
    case ..<0x80:
      append(UInt8(truncatingIfNeeded: scalar))
    case ..<0x800:
      append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
      append(further(0))
    case ..<0x1_0000:
      append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
      append(further(6))
      append(further(0))
    default:
      append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
      append(further(12))
      append(further(6))
      append(further(0))
    }
  }
}
