// Rows and columns, as any format gives them.

/// What a file says, before it is known which column is what.
struct Table {
  var columns: [String]
  var rows: [Row]

  struct Row {
    var line: Int
    /// The values by column; those of the last columns may be missing.
    var values: [Value]
  }

  enum Value: Equatable {
    case text(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case list, object, null

    var kind: String {
      switch self {
      case .text: "a string"
      case .integer: "an integer"
      case .number: "a fraction"
      case .boolean: "a boolean"
      case .list: "a list"
      case .object: "an object"
      case .null: "nothing"
      }
    }

    /// The value as a field of an example.
    var fieldText: String? {
      switch self {
      case .text(let text): text
      case .integer(let integer): String(integer)
      case .number(let number): String(number)
      case .boolean(let boolean): String(boolean)
      case .list, .object, .null: nil
      }
    }
  }
}

extension Table.Row {
  func value(_ column: Int) -> Table.Value {
    column < values.count ? values[column] : .null
  }

  func text(
    _ column: Int, named name: String, at place: TextError.Place
  ) throws(TextError) -> String {
    switch value(column) {
    case .text(let text): return text
    case .null: throw .missingValue(at: place, column: name)
    case let other:
      throw .wrongType(at: place, column: name, expected: "a string", found: other.kind)
    }
  }

  /// The name of the row's label, without white space around it; `nil` if it has none and may.
  func label(
    _ column: Int, named name: String, at place: TextError.Place, isRequired: Bool
  ) throws(TextError) -> String? {
    let label: String
    switch value(column) {
    case .text(let text): label = text.trimmingWhiteSpace()
    case .integer(let integer): label = String(integer)
    case .null: label = ""
    case let other:
      throw .wrongType(
        at: place, column: name, expected: "a string or an integer", found: other.kind)
    }
    guard label.isEmpty else { return label }
    if isRequired { throw .missingValue(at: place, column: name) }
    return nil
  }
}

extension String {
  fileprivate func trimmingWhiteSpace() -> String {
    guard let first = utf8.first, let last = utf8.last, first.isWhiteSpace || last.isWhiteSpace
    else { return self }
    let start = utf8.firstIndex { !$0.isWhiteSpace } ?? endIndex
    let end = utf8.lastIndex { !$0.isWhiteSpace }.map { utf8.index(after: $0) } ?? start
    return String(self[start..<end])
  }
}
