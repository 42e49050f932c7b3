// JSON of one file, read by its own keys.

import Foundation
import JSON

/// A value of a JSON file, and where it is, so that errors can say so.
struct JSONFile {
  let path: String
  let bytes: [UInt8]
  /// The keys that lead here, such as `model.vocab`; empty for the whole file.
  let name: String
  let value: JSONDocument.Value

  /// The most bytes of a JSON file that is read: vocabularies of 250,000 pieces have some 17 MB.
  static let maximumByteCount = 64 << 20

  /// Reads a file of UTF-8.
  init(contentsOf url: URL) throws(TextError) {
    try self.init(
      BoundedFile.read(url, maximumByteCount: Self.maximumByteCount), path: url.path)
  }

  init(_ data: Data, path: String) throws(TextError) {
    let bytes = [UInt8](data)
    do {
      self.init(path: path, bytes: bytes, name: "", value: try JSONDocument(bytes).root)
    } catch {
      // Of a file in another encoding there is more to say than where that is seen first.
      try BoundedFile.checkUTF8(bytes, path: path)
      guard let key = error.repeatedKey else {
        throw .malformedJSON(path: path, byte: error.byte, reason: error.reason)
      }
      throw .unsupportedSetting(
        path: path, name: key.brief, expected: "the key once",
        found: "it again at byte \(error.byte)")
    }
  }

  private init(path: String, bytes: [UInt8], name: String, value: JSONDocument.Value) {
    self.path = path
    self.bytes = bytes
    self.name = name
    self.value = value
  }

  func at(_ key: String, _ value: JSONDocument.Value) -> JSONFile {
    JSONFile(path: path, bytes: bytes, name: name.isEmpty ? key : "\(name).\(key)", value: value)
  }

  /// What an error says of the value: itself where that is short.
  var description: String {
    switch value {
    case .null: "null"
    case .boolean(let boolean): "\(boolean)"
    case .number(let text): String(decoding: bytes[text.range].prefix(40), as: UTF8.self)
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
    guard case .number(let text) = value, let number = Double(text.string(in: bytes)),
      number == number.rounded(), number.isFinite
    else { throw error(expected: "an integer") }
    return Int(Int64(clamping: number))
  }

  func string() throws(TextError) -> String {
    guard case .string(let text) = value else { throw error(expected: "a string") }
    return text.string(in: bytes)
  }

  /// A string, or nothing where it is `null`.
  func stringIfAny() throws(TextError) -> String? { isNull ? nil : try string() }

  func list() throws(TextError) -> [JSONFile] {
    guard case .list(let list) = value else { throw error(expected: "a list") }
    return list.enumerated().map { at("\($0.offset)", $0.element) }
  }

  func members() throws(TextError) -> [JSONDocument.Member] {
    guard case .object(let members) = value else { throw error(expected: "an object") }
    return members
  }

  /// A number of up to nine digits, without a look at anything else; nil for any other.
  func smallInteger(_ value: JSONDocument.Value) -> Int? {
    guard case .number(let text) = value, text.range.count < 10 else { return nil }
    var number = 0
    for byte in bytes[text.range] {
      guard 0x30 <= byte, byte <= 0x39 else { return nil }
      number = number * 10 + Int(byte - 0x30)
    }
    return number
  }

  /// The values of an object by key; two keys that are one string are an error.
  func object() throws(TextError) -> [String: JSONFile] {
    var object: [String: JSONFile] = [:]
    for member in try members() {
      let key = member.key.string(in: bytes)
      guard object.updateValue(at(key, member.value), forKey: key) == nil else {
        throw at(key, member.value).error(expected: "the key once")
      }
    }
    return object
  }
}

extension Int64 {
  fileprivate init(clamping number: Double) {
    self = number >= 0x1p63 ? .max : number <= -0x1p63 ? .min : Int64(number)
  }
}
