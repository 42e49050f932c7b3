// JSON of one file, read by its own keys: large vocabularies at the cost of a look at each byte.

import Foundation

/// A value of a JSON file, and where it is, so that errors can say so.
///
/// Foundation's readers make an object of each of the 30,000 keys of a vocabulary, and let keys be
/// repeated; this one keeps ranges of bytes.
struct JSONFile {
  let path: String
  let bytes: [UInt8]
  /// The keys that lead here, such as `model.vocab`; empty for the whole file.
  let name: String
  let value: Value

  /// Text stands for its bytes, without quotes.
  enum Value {
    case null
    case boolean(Bool)
    case number(Range<Int>)
    case string(JSONText)
    case list([Value])
    case object([Member])
  }

  struct Member {
    var key: JSONText
    var value: Value
  }

  /// The bytes of a string, and whether they have escapes.
  struct JSONText {
    var range: Range<Int>
    var isEscaped: Bool
  }

  /// The most bytes of a JSON file that is read: vocabularies of 250,000 pieces have some 17 MB.
  static let maximumByteCount = 64 << 20

  /// Reads a file of UTF-8.
  init(contentsOf url: URL) throws(TextError) {
    try self.init(
      BoundedFile.read(url, maximumByteCount: Self.maximumByteCount), path: url.path)
  }

  init(_ data: Data, path: String) throws(TextError) {
    let bytes = [UInt8](data)
    try BoundedFile.checkUTF8(bytes, path: path)
    var parser = JSONParser(bytes: bytes, path: path)
    self.init(path: path, bytes: bytes, name: "", value: try parser.file())
  }

  private init(path: String, bytes: [UInt8], name: String, value: Value) {
    self.path = path
    self.bytes = bytes
    self.name = name
    self.value = value
  }

  func at(_ key: String, _ value: Value) -> JSONFile {
    JSONFile(path: path, bytes: bytes, name: name.isEmpty ? key : "\(name).\(key)", value: value)
  }

  /// What an error says of the value: itself where that is short.
  var description: String {
    switch value {
    case .null: "null"
    case .boolean(let boolean): "\(boolean)"
    case .number(let range): String(decoding: bytes[range].prefix(40), as: UTF8.self)
    case .string(let text): "“\(String(decoding: bytes[text.range].prefix(80), as: UTF8.self))”"
    case .list(let list): "a list of \(list.count)"
    case .object: "an object"
    }
  }

  /// The error of finding something else here.
  func error(expected: String) -> TextError {
    .unsupportedSetting(
      path: path, name: name.isEmpty ? "the file" : name, expected: expected, found: description)
  }

  var isNull: Bool {
    if case .null = value { true } else { false }
  }
}

extension JSONFile {
  func boolean() throws(TextError) -> Bool {
    guard case .boolean(let boolean) = value else { throw error(expected: "true or false") }
    return boolean
  }

  /// A number without fraction, of any size; those beyond are as large as can be.
  func integer() throws(TextError) -> Int {
    guard case .number(let range) = value,
      let number = Double(String(decoding: bytes[range], as: UTF8.self)),
      number == number.rounded(), number.isFinite
    else { throw error(expected: "an integer") }
    return Int(Int64(clamping: number))
  }

  func string() throws(TextError) -> String {
    guard case .string(let text) = value else { throw error(expected: "a string") }
    return String(decoding: try decoded(text), as: UTF8.self)
  }

  /// A string, or nothing where it is `null`.
  func stringIfAny() throws(TextError) -> String? { isNull ? nil : try string() }

  func list() throws(TextError) -> [JSONFile] {
    guard case .list(let list) = value else { throw error(expected: "a list") }
    return list.enumerated().map { at("\($0.offset)", $0.element) }
  }

  func members() throws(TextError) -> [Member] {
    guard case .object(let members) = value else { throw error(expected: "an object") }
    return members
  }

  /// A number of up to nine digits, without a look at anything else; nil for any other.
  func smallInteger(_ value: Value) -> Int? {
    guard case .number(let range) = value, range.count < 10 else { return nil }
    var number = 0
    for byte in bytes[range] {
      guard 0x30 <= byte, byte <= 0x39 else { return nil }
      number = number * 10 + Int(byte - 0x30)
    }
    return number
  }

  /// The values of an object by key; the same key twice is an error.
  func object() throws(TextError) -> [String: JSONFile] {
    var object: [String: JSONFile] = [:]
    for member in try members() {
      let key = String(decoding: try decoded(member.key), as: UTF8.self)
      guard object.updateValue(at(key, member.value), forKey: key) == nil else {
        throw at(key, member.value).error(expected: "the key once")
      }
    }
    return object
  }

  /// The bytes of a string, escapes resolved.
  func decoded(_ text: JSONText) throws(TextError) -> [UInt8] {
    guard text.isEscaped else { return Array(bytes[text.range]) }
    // A string by itself is JSON too.
    let quoted = Data(bytes[text.range.lowerBound - 1..<text.range.upperBound + 1])
    guard let string = try? JSONDecoder().decode(String.self, from: quoted) else {
      throw .malformedJSON(path: path, byte: text.range.lowerBound, reason: "an unknown escape")
    }
    return Array(string.utf8)
  }
}

extension Int64 {
  fileprivate init(clamping number: Double) {
    self = number >= 0x1p63 ? .max : number <= -0x1p63 ? .min : Int64(number)
  }
}
