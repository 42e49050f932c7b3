// JSON of strangers, read once from front to back.

/// A cursor over the bytes of a JSON text (RFC 8259). It keeps nothing but its place and the keys
/// of the objects that it is inside of, so the caller decides what becomes of what is read.
///
/// Refused beyond what the grammar refuses: keys that stand twice, deep nesting, too many keys.
///
///     var cursor = JSONCursor(bytes)
///     try cursor.object { (cursor, key) throws(JSONFailure) in
///       if key == "shape" { shape = try cursor.wholeNumber() } else { try cursor.skip() }
///     }
///     try cursor.end()
public struct JSONCursor {
  /// The most objects and arrays inside each other: foreign files nest ten deep, ours five, and a
  /// call's stack stands behind each level.
  public static let deepest = 64
  /// The most keys in one object: vocabularies have 250,000, the largest published checkpoints a
  /// hundred thousand tensors.
  public static let mostKeys = 1 << 20

  let bytes: [UInt8]
  /// The byte that is read next.
  public internal(set) var position = 0
  private var depth = 0

  /// A cursor at the first of less than 2³² bytes.
  public init(_ bytes: [UInt8]) {
    precondition(bytes.count <= UInt32.max, "expected less than 4 GB of JSON, found \(bytes.count)")
    self.bytes = bytes
  }

  /// Reads an object; `field` must read the value of the key that it is given.
  public mutating func object(
    _ field: (inout JSONCursor, String) throws(JSONFailure) -> Void
  ) throws(JSONFailure) {
    try open("{", "an object")
    // As strings, of which some are equal whose bytes differ: who keeps keys as such must lose
    // none.
    var keys: Set<String> = []
    while try !close("}", isFirst: keys.isEmpty) {
      let text = try text()
      let key = text.string(in: bytes)
      guard keys.insert(key).inserted else {
        throw JSONFailure(byte: text.range.lowerBound, repeatedKey: key)
      }
      try checkKeyCount(keys.count)
      try expect(":")
      try field(&self, key)
    }
  }

  /// Reads an array; `element` must read one element.
  public mutating func array(
    _ element: (inout JSONCursor) throws(JSONFailure) -> Void
  ) throws(JSONFailure) {
    try open("[", "an array")
    var isFirst = true
    while try !close("]", isFirst: isFirst) {
      try element(&self)
      isFirst = false
    }
  }

  /// Reads a string.
  public mutating func string() throws(JSONFailure) -> String { try text().string(in: bytes) }

  /// Reads any value, and checks it.
  public mutating func skip() throws(JSONFailure) {
    switch next() {
    case "{": try object { (cursor, _) throws(JSONFailure) in try cursor.skip() }
    case "[": try array { (cursor) throws(JSONFailure) in try cursor.skip() }
    case "\"": _ = try text()
    case "t": try word("true")
    case "f": try word("false")
    case "n": try word("null")
    default: _ = try number()
    }
  }

  /// Makes sure that nothing but white space is left.
  public mutating func end() throws(JSONFailure) {
    if next() != nil { throw unexpected("the end") }
  }

  /// The failure of a reason, at the place where the cursor stands.
  public func failure(_ reason: String) -> JSONFailure {
    JSONFailure(byte: position, reason: reason)
  }

  /// The failure of finding something else at the cursor.
  public func unexpected(_ expected: String) -> JSONFailure {
    let found =
      switch peek {
      case nil: "the end"
      case let byte? where byte > " " && byte < "\u{7f}": String(byte)
      case let byte?: "the byte 0x" + String(byte.value, radix: 16)
      }
    return failure("expected \(expected), found \(found)")
  }
}

extension JSONCursor {
  /// The byte at the cursor, as the scalar of its value, so that it can be compared with "x".
  var peek: UnicodeScalar? { position < bytes.count ? UnicodeScalar(bytes[position]) : nil }

  /// The next byte that is no white space.
  @inline(__always)
  mutating func next() -> UnicodeScalar? {
    while let byte = peek, byte == " " || byte == "\n" || byte == "\r" || byte == "\t" {
      position += 1
    }
    return peek
  }

  @inline(__always)
  mutating func expect(_ byte: UnicodeScalar) throws(JSONFailure) {
    guard next() == byte else { throw unexpected(String(byte)) }
    position += 1
  }

  mutating func open(_ byte: UnicodeScalar, _ name: String) throws(JSONFailure) {
    guard next() == byte else { throw unexpected(name) }
    guard depth < Self.deepest else { throw failure("nested deeper than \(Self.deepest)") }
    position += 1
    depth += 1
  }

  /// Steps over the closing bracket, or over the comma before one more.
  mutating func close(_ bracket: UnicodeScalar, isFirst: Bool) throws(JSONFailure) -> Bool {
    if next() == bracket {
      position += 1
      depth -= 1
      return true
    }
    if !isFirst { try expect(",") }
    return false
  }

  mutating func word(_ word: String) throws(JSONFailure) {
    guard bytes[position...].starts(with: word.utf8) else { throw unexpected("a value") }
    position += word.utf8.count
  }

  func checkKeyCount(_ count: Int) throws(JSONFailure) {
    guard count <= Self.mostKeys else { throw failure("more than \(Self.mostKeys) keys") }
  }
}
