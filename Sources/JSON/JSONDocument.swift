// A whole JSON text as a tree, at the cost of a look at each byte.

/// The values of a text, with strings and numbers as ranges of its bytes.
///
/// Foundation's readers make an object of each of the 30,000 keys of a vocabulary, and let keys be
/// repeated. Two keys are one here if their bytes are, escapes resolved (RFC 8259, section 8.3):
/// vocabularies have pieces that Unicode calls equivalent.
public struct JSONDocument: Sendable {
  /// The text.
  public let bytes: [UInt8]
  /// The value that it is.
  public let root: Value

  /// A value, with what is in it.
  public enum Value: Sendable {
    case null
    case boolean(Bool)
    /// A number, which has the form that JSON asks for.
    case number(JSONText)
    case string(JSONText)
    case list([Value])
    /// The members in their order.
    case object([Member])
  }

  /// A key and its value.
  public struct Member: Sendable {
    /// The key.
    public let key: JSONText
    /// The value.
    public let value: Value
  }

  /// The most values of a text: vocabularies of 250,000 pieces with scores have 750,000, and each
  /// costs some 50 bytes.
  public static let mostValues = 4_000_000

  /// Reads one value, which must be all there is.
  public init(_ bytes: [UInt8]) throws(JSONFailure) {
    self.bytes = bytes
    var reader = Reader(cursor: JSONCursor(bytes))
    root = try reader.value()
    try reader.cursor.end()
  }
}

/// Builds the tree.
private struct Reader {
  var cursor: JSONCursor
  private var count = 0

  init(cursor: JSONCursor) { self.cursor = cursor }

  mutating func value() throws(JSONFailure) -> JSONDocument.Value {
    count += 1
    guard count <= JSONDocument.mostValues else {
      throw cursor.failure("more than \(JSONDocument.mostValues) values")
    }
    switch cursor.next() {
    case "{": return .object(try members())
    case "[": return .list(try list())
    case "\"": return .string(try cursor.text())
    case "t":
      try cursor.word("true")
      return .boolean(true)
    case "f":
      try cursor.word("false")
      return .boolean(false)
    case "n":
      try cursor.word("null")
      return .null
    default: return .number(try cursor.number())
    }
  }

  private mutating func members() throws(JSONFailure) -> [JSONDocument.Member] {
    var members: [JSONDocument.Member] = []
    var keys = KeySet()
    try cursor.open("{", "an object")
    while try !cursor.close("}", isFirst: members.isEmpty) {
      let key = try cursor.text()
      guard keys.insert(key, of: cursor.bytes) else {
        throw JSONFailure(byte: key.range.lowerBound, repeatedKey: key.string(in: cursor.bytes))
      }
      try cursor.checkKeyCount(members.count + 1)
      try cursor.expect(":")
      members.append(JSONDocument.Member(key: key, value: try value()))
    }
    return members
  }

  private mutating func list() throws(JSONFailure) -> [JSONDocument.Value] {
    var list: [JSONDocument.Value] = []
    try cursor.open("[", "an array")
    while try !cursor.close("]", isFirst: list.isEmpty) { list.append(try value()) }
    return list
  }
}
