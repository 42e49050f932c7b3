// The strings of JSON: where they are, UTF-8 and escapes.

/// A string or a number where it stands, checked: UTF-8 without quotes, escapes not resolved.
///
/// A tree has as many as a text has words, so they are small.
public struct JSONText: Sendable {
  private let start: UInt32
  private let end: UInt32
  /// Whether there are escapes among its bytes.
  public let isEscaped: Bool

  /// Its bytes, without quotes.
  public var range: Range<Int> { Int(start)..<Int(end) }

  init(_ range: Range<Int>, isEscaped: Bool = false) {
    start = UInt32(range.lowerBound)
    end = UInt32(range.upperBound)
    self.isEscaped = isEscaped
  }

  /// The bytes that are meant, escapes resolved; `bytes` must be those that it was found in.
  public func content(in bytes: [UInt8]) -> ArraySlice<UInt8> {
    guard isEscaped else { return bytes[range] }
    var content: [UInt8] = []
    var cursor = JSONCursor(bytes)
    cursor.position = range.lowerBound
    while cursor.position < range.upperBound {
      let byte = bytes[cursor.position]
      cursor.position += 1
      if byte == UInt8(ascii: "\\") {
        guard let scalar = try? cursor.escape() else {
          preconditionFailure("a string of other bytes: \(range) of \(bytes.count)")
        }
        content += String(scalar).utf8
      } else {
        content.append(byte)
      }
    }
    return content[...]
  }

  /// The string, escapes resolved; `bytes` must be those that it was found in.
  public func string(in bytes: [UInt8]) -> String {
    String(decoding: content(in: bytes), as: UTF8.self)
  }
}

extension JSONCursor {
  /// Reads a string, and checks it.
  mutating func text() throws(JSONFailure) -> JSONText {
    guard next() == "\"" else { throw unexpected("a string") }
    position += 1
    let start = position
    var isEscaped = false
    var isASCII = true
    while true {
      // Nearly all bytes are of this kind.
      var end = position
      while end < bytes.count, bytes[end].isPlain { end += 1 }
      position = end
      guard end < bytes.count else { break }
      switch bytes[end] {
      case UInt8(ascii: "\""):
        let range = start..<end
        guard isASCII || String(validating: bytes[range], as: UTF8.self) != nil else {
          throw JSONFailure(byte: start, reason: "text that is not UTF-8")
        }
        position += 1
        return JSONText(range, isEscaped: isEscaped)
      case UInt8(ascii: "\\"):
        isEscaped = true
        position += 1
        _ = try escape()
      case ..<0x20:
        throw unexpected("a string without control characters")
      default:
        isASCII = false
        position += 1
      }
    }
    throw JSONFailure(byte: start, reason: "a string that begins here does not end")
  }

  /// Reads what follows a backslash.
  fileprivate mutating func escape() throws(JSONFailure) -> UnicodeScalar {
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

  private mutating func unicodeEscape() throws(JSONFailure) -> UnicodeScalar {
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
  private mutating func hexadecimal() throws(JSONFailure) -> UInt32 {
    guard peek == "u" else { throw unexpected("an escape") }
    position += 1
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, byte.isASCII, let digit = Character(byte).hexDigitValue else {
        throw unexpected("a hexadecimal digit")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}

extension UInt8 {
  /// Whether the byte stands for itself in a string, and is ASCII.
  fileprivate var isPlain: Bool {
    self &- 0x20 < 0x60 && self != UInt8(ascii: "\"") && self != UInt8(ascii: "\\")
  }
}
