// The numbers of JSON: where they are, and what the whole ones are.

extension JSONCursor {
  /// Reads a number of digits alone.
  public mutating func wholeNumber() throws(JSONFailure) -> Int {
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

  /// Reads any number.
  mutating func number() throws(JSONFailure) -> JSONText {
    guard let first = next(), first == "-" || first.isDigit else { throw unexpected("a value") }
    let start = position
    if first == "-" { position += 1 }
    // Nothing may follow a zero: what does is found where the next thing is expected.
    var isSound = peek == "0" ? takeOne() : takeDigits()
    if peek == "." {
      position += 1
      isSound = takeDigits() && isSound
    }
    if peek == "e" || peek == "E" {
      position += 1
      if peek == "+" || peek == "-" { position += 1 }
      isSound = takeDigits() && isSound
    }
    guard isSound else {
      position = start
      throw failure("a number in a form that JSON does not have")
    }
    return JSONText(start..<position)
  }

  private mutating func takeOne() -> Bool {
    position += 1
    return true
  }

  /// Steps over digits; whether there was one.
  private mutating func takeDigits() -> Bool {
    var end = position
    while end < bytes.count, UnicodeScalar(bytes[end]).isDigit { end += 1 }
    defer { position = end }
    return end > position
  }
}

extension UnicodeScalar {
  fileprivate var isDigit: Bool { "0" <= self && self <= "9" }
}
