// JSON of strangers, read once from front to back.

/// A cursor over the bytes of a JSON text (RFC 8259). It holds nothing but its place and the keys of
/// the objects that it is inside of, so the caller decides what is kept.
///
/// Refused beyond what the grammar refuses: keys that stand twice, deep nesting, too many keys.
struct JSONReader {
  /// What is wrong, with the place.
  struct Failure: Error, Equatable {
    let reason: String
  }

  /// Our files nest five deep; a call's stack stands behind each level.
  static let deepest = 64
  /// Keys in one object: the largest published checkpoints have a hundred thousand tensors.
  static let mostKeys = 1 << 20

  let bytes: [UInt8]
  var position = 0
  private var depth = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads an object; `field` must read the value of the key that it is given.
  mutating func object(
    _ field: (inout JSONReader, String) throws(Failure) -> Void
  ) throws(Failure) {
    try open("{", "an object")
    var keys: Set<String> = []
    while try !close("}", isFirst: keys.isEmpty) {
      let key = try string()
      guard keys.insert(key).inserted else { throw failure("the key \(key.brief) stands twice") }
      guard keys.count <= Self.mostKeys else { throw failure("more than \(Self.mostKeys) keys") }
      try expect(":")
      try field(&self, key)
    }
  }

  /// Reads an array; `element` must read one element.
  mutating func array(_ element: (inout JSONReader) throws(Failure) -> Void) throws(Failure) {
    try open("[", "an array")
    var isFirst = true
    while try !close("]", isFirst: isFirst) {
      try element(&self)
      isFirst = false
    }
  }

  /// Reads a number of digits alone.
  mutating func wholeNumber() throws(Failure) -> Int {
    guard let first = next(), first.isDigit else { throw unexpected("a whole number") }
    let start = position
    var value = 0
    while let byte = peek, byte.isDigit {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(byte.value - 48))
      guard !overflow, !carry else { throw failure("a number beyond 64 bits") }
      value = sum
      position += 1
    }
    guard first != "0" || position == start + 1 else {
      throw failure("a number that begins with 0")
    }
    if let byte = peek, byte == "." || byte == "e" || byte == "E" {
      throw unexpected("a whole number")
    }
    return value
  }

  /// Reads any value, and checks it.
  mutating func skip() throws(Failure) {
    switch next() {
    case "{": try object { (reader, _) throws(Failure) in try reader.skip() }
    case "[": try array { (reader) throws(Failure) in try reader.skip() }
    case "\"": _ = try string()
    case "t": try word("true")
    case "f": try word("false")
    case "n": try word("null")
    default: try number()
    }
  }

  /// Makes sure that nothing but white space is left.
  mutating func end() throws(Failure) {
    if next() != nil { throw unexpected("the end") }
  }

  /// The failure, at the place where the cursor stands.
  func failure(_ reason: String) -> Failure { Failure(reason: "\(reason), at byte \(position)") }

  func unexpected(_ expected: String) -> Failure {
    let found =
      switch peek {
      case nil: "the end"
      case let byte? where byte > " " && byte < "\u{7f}": String(byte)
      case let byte?: "the byte 0x" + String(byte.value, radix: 16)
      }
    return failure("expected \(expected), found \(found)")
  }

  /// The byte at the cursor, as the scalar of its value, so that it can be compared with "x".
  var peek: UnicodeScalar? { position < bytes.count ? UnicodeScalar(bytes[position]) : nil }

  /// The next byte that is no white space.
  mutating func next() -> UnicodeScalar? {
    while let byte = peek, byte == " " || byte == "\n" || byte == "\r" || byte == "\t" {
      position += 1
    }
    return peek
  }

  private mutating func expect(_ byte: UnicodeScalar) throws(Failure) {
    guard next() == byte else { throw unexpected(String(byte)) }
    position += 1
  }

  private mutating func open(_ byte: UnicodeScalar, _ name: String) throws(Failure) {
    guard next() == byte else { throw unexpected(name) }
    guard depth < Self.deepest else { throw failure("nested deeper than \(Self.deepest)") }
    position += 1
    depth += 1
  }

  /// Steps over the closing bracket, or over the comma before one more.
  private mutating func close(_ bracket: UnicodeScalar, isFirst: Bool) throws(Failure) -> Bool {
    if next() == bracket {
      position += 1
      depth -= 1
      return true
    }
    if !isFirst { try expect(",") }
    return false
  }

  private mutating func word(_ word: String) throws(Failure) {
    for scalar in word.unicodeScalars {
      guard peek == scalar else { throw unexpected(word) }
      position += 1
    }
  }

  private mutating func number() throws(Failure) {
    if next() == "-" { position += 1 }
    guard let first = peek, first.isDigit else { throw unexpected("a value") }
    position += 1
    if first != "0" { skipDigits() }
    if peek == "." {
      position += 1
      try digits()
    }
    if peek == "e" || peek == "E" {
      position += 1
      if peek == "+" || peek == "-" { position += 1 }
      try digits()
    }
  }

  private mutating func digits() throws(Failure) {
    guard let byte = peek, byte.isDigit else { throw unexpected("a digit") }
    skipDigits()
  }

  private mutating func skipDigits() {
    while let byte = peek, byte.isDigit { position += 1 }
  }
}

extension UnicodeScalar {
  fileprivate var isDigit: Bool { "0" <= self && self <= "9" }
}
