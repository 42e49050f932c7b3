// The strings of JSON: UTF-8 and escapes.

extension JSONReader {
  /// Reads a string.
  mutating func string() throws(Failure) -> String {
    guard next() == "\"" else { throw unexpected("a string") }
    position += 1
    let start = position
    while let byte = peek, byte != "\"", byte != "\\", byte >= " " { position += 1 }
    guard peek == "\"" else { return try escapedString(from: start) }
    defer { position += 1 }
    return try text(bytes[start..<position])
  }

  private mutating func escapedString(from start: Int) throws(Failure) -> String {
    var content = Array(bytes[start..<position])
    while let byte = peek {
      switch byte {
      case "\"":
        defer { position += 1 }
        return try text(content[...])
      case "\\":
        position += 1
        content += String(try escape()).utf8
      case ..<" ": throw unexpected("a string without control characters")
      default:
        content.append(bytes[position])
        position += 1
      }
    }
    throw unexpected("the end of a string")
  }

  private mutating func escape() throws(Failure) -> UnicodeScalar {
    let meaning: UnicodeScalar
    switch peek {
    case "\"": meaning = "\""
    case "\\": meaning = "\\"
    case "/": meaning = "/"
    case "b": meaning = "\u{8}"
    case "f": meaning = "\u{c}"
    case "n": meaning = "\n"
    case "r": meaning = "\r"
    case "t": meaning = "\t"
    default: return try unicodeEscape()
    }
    position += 1
    return meaning
  }

  private mutating func unicodeEscape() throws(Failure) -> UnicodeScalar {
    var unit = try hexadecimal()
    if unit & 0xfc00 == 0xd800, peek == "\\" {
      position += 1
      let low = try hexadecimal()
      guard low & 0xfc00 == 0xdc00 else { throw failure("half a surrogate pair") }
      unit = 0x10000 + (unit & 0x3ff) << 10 + low & 0x3ff
    }
    guard let scalar = UnicodeScalar(unit) else { throw failure("half a surrogate pair") }
    return scalar
  }

  /// Reads `u` and four hexadecimal digits.
  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    guard peek == "u" else { throw unexpected("an escape") }
    position += 1
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = peek.flatMap({ Character($0).hexDigitValue }) else {
        throw unexpected("a hexadecimal digit")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private func text(_ content: ArraySlice<UInt8>) throws(Failure) -> String {
    guard let text = String(validating: content, as: UTF8.self) else {
      throw failure("text that is not UTF-8")
    }
    return text
  }
}
