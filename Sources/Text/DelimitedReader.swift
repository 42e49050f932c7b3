// Tab-separated and comma-separated values.

/// Reads a table with a header; quoted values may hold separators, line breaks and doubled quotes.
struct DelimitedReader {
  let file: TextFile
  let separator: UInt8
  let allowsQuotes: Bool
  private var position = 0
  private var line = 1

  private let quote: UInt8 = 0x22
  private let lineFeed: UInt8 = 0x0A

  init(_ file: TextFile, separator: UInt8, allowsQuotes: Bool) {
    self.file = file
    self.separator = separator
    self.allowsQuotes = allowsQuotes
  }

  consuming func read() throws(TextError) -> Table {
    skipBlankLines()
    let columns = try record(expecting: 2).values.compactMap(\.fieldText)
    var rows: [Table.Row] = []
    while position < file.bytes.count {
      if columns.count > 1 { skipBlankLines() }
      guard position < file.bytes.count else { break }
      let row = try record(expecting: columns.count)
      guard row.values.count == columns.count else {
        throw .wrongFieldCount(
          at: place(row.line), expected: columns.count, found: row.values.count)
      }
      rows.append(row)
    }
    return Table(columns: columns, rows: rows)
  }

  private mutating func skipBlankLines() {
    while position < file.bytes.count {
      let end = file.lineEnd(from: position)
      guard end.text == position else { return }
      position = end.next
      line += 1
    }
  }

  /// One record, and the number of the line that it starts on.
  private mutating func record(expecting count: Int) throws(TextError) -> Table.Row {
    var row = Table.Row(line: line, values: [])
    row.values.reserveCapacity(count)
    while true {
      let isQuoted =
        allowsQuotes && position < file.bytes.count && file.bytes[position] == quote
      row.values.append(.text(try isQuoted ? quotedValue() : plainValue()))
      guard position < file.bytes.count, file.bytes[position] == separator else { break }
      position += 1
    }
    // What ends a record is a line break or the end of the file.
    if position < file.bytes.count { position = file.lineEnd(from: position).next }
    line += 1
    return row
  }

  private mutating func plainValue() throws(TextError) -> String {
    let start = position
    let end =
      file.bytes[start...].firstIndex { $0 == separator || $0 == lineFeed } ?? file.bytes.count
    position = end
    let endsLine = end == file.bytes.count || file.bytes[end] == lineFeed
    let hasReturn = endsLine && end > start && file.bytes[end - 1] == 0x0D
    return try file.string(file.bytes[start..<(hasReturn ? end - 1 : end)], line: line)
  }

  private mutating func quotedValue() throws(TextError) -> String {
    let firstLine = line
    var value: [UInt8] = []
    position += 1
    while true {
      let start = position
      guard let end = file.bytes[start...].firstIndex(of: quote) else {
        throw .unclosedQuote(at: place(firstLine))
      }
      value += file.bytes[start..<end]
      line += file.bytes[start..<end].count { $0 == lineFeed }
      position = end + 1
      guard position < file.bytes.count, file.bytes[position] == quote else { break }
      value.append(quote)
      position += 1
    }
    guard isAtEndOfValue else { throw .misplacedQuote(at: place(line)) }
    return try file.string(value[...], line: firstLine)
  }

  private var isAtEndOfValue: Bool {
    guard position < file.bytes.count else { return true }
    let byte = file.bytes[position]
    guard byte == 0x0D else { return byte == separator || byte == lineFeed }
    return position + 1 == file.bytes.count || file.bytes[position + 1] == lineFeed
  }

  private func place(_ line: Int) -> TextError.Place {
    TextError.Place(path: file.path, line: line)
  }
}
