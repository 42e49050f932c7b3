// The grammar of JSON (RFC 8259).

/// Reads one value, which must be all there is.
struct JSONParser {
  let bytes: [UInt8]
  let path: String
  private var position = 0

  /// Deeper than any tokenizer's file, and far from the end of the stack.
  private static let maximumDepth = 64
  /// Vocabularies of 250,000 pieces with scores have 750,000; each costs some 50 bytes.
  private static let maximumCount = 4_000_000
  private var count = 0

  init(bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  mutating func file() throws(TextError) -> JSONFile.Value {
    skipWhiteSpace()
    let value = try value(depth: 0)
    skipWhiteSpace()
    guard position == bytes.count else { throw error("text after the end of the value") }
    return value
  }

  private mutating func value(depth: Int) throws(TextError) -> JSONFile.Value {
    guard depth < Self.maximumDepth else {
      throw error("more than \(Self.maximumDepth) lists and objects inside each other")
    }
    count += 1
    guard count <= Self.maximumCount else {
      throw error("more than \(Self.maximumCount) values")
    }
    guard position < bytes.count else { throw error("the file ends early") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try list(depth: depth)
    case UInt8(ascii: "\""): return .string(try text())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func object(depth: Int) throws(TextError) -> JSONFile.Value {
    var members: [JSONFile.Member] = []
    position += 1
    skipWhiteSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw error("expected a key in quotes")
      }
      let key = try text()
      skipWhiteSpace()
      guard take(UInt8(ascii: ":")) else { throw error("expected a colon after a key") }
      skipWhiteSpace()
      members.append(JSONFile.Member(key: key, value: try value(depth: depth + 1)))
      skipWhiteSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { throw error("expected a comma or the end of an object") }
      skipWhiteSpace()
    }
  }

  private mutating func list(depth: Int) throws(TextError) -> JSONFile.Value {
    var list: [JSONFile.Value] = []
    position += 1
    skipWhiteSpace()
    if take(UInt8(ascii: "]")) { return .list(list) }
    while true {
      list.append(try value(depth: depth + 1))
      skipWhiteSpace()
      if take(UInt8(ascii: "]")) { return .list(list) }
      guard take(UInt8(ascii: ",")) else { throw error("expected a comma or the end of a list") }
      skipWhiteSpace()
    }
  }

  private mutating func text() throws(TextError) -> JSONFile.JSONText {
    position += 1
    let start = position
    var isEscaped = false
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return JSONFile.JSONText(range: start..<position - 1, isEscaped: isEscaped)
      }
      guard byte >= 0x20 else { throw error("a control character in a string") }
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        position += 1
      }
      position += 1
    }
    position = start
    throw error("a string that starts here does not end")
  }

  private mutating func number() throws(TextError) -> JSONFile.Value {
    let start = position
    while position < bytes.count, bytes[position].isOfNumber { position += 1 }
    let digits = bytes[start..<position]
    // Ids, of which there are many, and nothing else needs to be asked.
    if (1..<10).contains(digits.count), digits.allSatisfy({ 0x30 <= $0 && $0 <= 0x39 }) {
      return .number(start..<position)
    }
    guard Double(String(decoding: digits.prefix(400), as: UTF8.self)) != nil,
      let first = digits.first, first != UInt8(ascii: "+"), first != UInt8(ascii: ".")
    else {
      position = start
      throw error("expected a value")
    }
    return .number(start..<position)
  }

  private mutating func word(
    _ word: StaticString, _ value: JSONFile.Value
  ) throws(TextError) -> JSONFile.Value {
    guard bytes[position...].starts(with: "\(word)".utf8) else { throw error("expected a value") }
    position += word.utf8CodeUnitCount
    return value
  }

  private mutating func skipWhiteSpace() {
    while position < bytes.count, bytes[position].isWhiteSpace { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private func error(_ reason: String) -> TextError {
    .malformedJSON(path: path, byte: position, reason: reason)
  }
}

extension UInt8 {
  fileprivate var isOfNumber: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }
}
