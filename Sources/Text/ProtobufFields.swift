// Protocol buffers as bytes: the fields of a message, and how fields are written.

/// The fields of a message one after another (protobuf.dev, “Encoding”), read without a definition,
/// so that what is not known here can be copied.
struct ProtobufFields {
  /// What a field holds.
  enum Value: Equatable {
    case number(UInt64)
    /// 4 or 8 bytes, by their place.
    case fixed(Range<Int>)
    /// A text or a message, by its place.
    case bytes(Range<Int>)
  }

  /// A field, with all of its bytes by their place.
  struct Field {
    let number: UInt64
    let value: Value
    let whole: Range<Int>
  }

  private let bytes: [UInt8]
  private var position: Int
  private let end: Int

  /// The fields of the message in `range` of `bytes`.
  init(_ bytes: [UInt8], in range: Range<Int>) {
    self.bytes = bytes
    (position, end) = (range.lowerBound, range.upperBound)
  }

  /// The next field; `nil` at the end. Throws where the bytes are no message.
  mutating func next() throws(TextError) -> Field? {
    guard position < end else { return nil }
    let start = position
    let tag = try number()
    let value: Value
    switch tag & 7 {
    case 0: value = .number(try number())
    case 1: value = .fixed(try take(8))
    case 2: value = .bytes(try take(try number()))
    case 5: value = .fixed(try take(4))
    default: throw Self.unsound
    }
    return Field(number: tag >> 3, value: value, whole: start..<position)
  }

  /// A number in groups of seven bits, the lowest first.
  private mutating func number() throws(TextError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < end else { throw Self.unsound }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw Self.unsound
  }

  private mutating func take(_ count: UInt64) throws(TextError) -> Range<Int> {
    guard count <= UInt64(end - position) else { throw Self.unsound }
    defer { position += Int(count) }
    return position..<position + Int(count)
  }

  private static let unsound = TextError.unreadableModel(
    reason: "not a SentencePiece model, or not all of it; copy the file again")
}

extension [UInt8] {
  /// Appends a number in groups of seven bits.
  private mutating func append(protobuf number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends a field that is a number.
  mutating func appendField(_ number: UInt64, _ value: UInt64) {
    append(protobuf: number << 3)
    append(protobuf: value)
  }

  /// Appends a field that is a text or a message.
  mutating func appendField(_ number: UInt64, _ content: [UInt8]) {
    append(protobuf: number << 3 | 2)
    append(protobuf: UInt64(content.count))
    append(contentsOf: content)
  }
}
