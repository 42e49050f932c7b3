// JSON Lines: one object a line.

import Foundation

/// Reads objects as rows; the columns are the keys of all of them.
struct JSONLinesReader {
  let file: TextFile

  func read() throws(TextError) -> Table {
    var table = Table(columns: [], rows: [])
    var indices: [String: Int] = [:]
    let decoder = JSONDecoder()
    var position = 0
    var line = 0
    while position < file.bytes.count {
      let end = file.lineEnd(from: position)
      let bytes = file.bytes[position..<end.text]
      position = end.next
      line += 1
      if bytes.allSatisfy(\.isWhiteSpace) { continue }
      _ = try file.string(bytes, line: line)
      let object = try decode(Data(bytes), with: decoder, line: line)

      for key in object.keys.sorted() where indices[key] == nil {
        indices[key] = table.columns.count
        table.columns.append(key)
      }
      var row = Table.Row(
        line: line, values: [Table.Value](repeating: .null, count: table.columns.count))
      for (key, value) in object {
        if let column = indices[key] { row.values[column] = value }
      }
      table.rows.append(row)
    }
    return table
  }

  private func decode(
    _ data: Data, with decoder: JSONDecoder, line: Int
  ) throws(TextError) -> [String: Table.Value] {
    let place = TextError.Place(path: file.path, line: line)
    do {
      return try decoder.decode([String: Table.Value].self, from: data)
    } catch DecodingError.typeMismatch {
      throw .invalidJSON(at: place, reason: "the line is not an object")
    } catch DecodingError.dataCorrupted(let context) {
      let cause = context.underlyingError as? CocoaError
      let reason = cause?.userInfo[NSDebugDescriptionErrorKey] as? String
      throw .invalidJSON(at: place, reason: reason ?? context.debugDescription)
    } catch {
      throw .invalidJSON(at: place, reason: "\(error)")
    }
  }
}

extension Table.Value: Decodable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let integer = try? container.decode(Int.self) {
      self = .integer(integer)
    } else if container.decodeNil() {
      self = .null
    } else if let boolean = try? container.decode(Bool.self) {
      self = .boolean(boolean)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else {
      self = (try? decoder.unkeyedContainer()) == nil ? .object : .list
    }
  }
}
