// The bytes of a file of text, checked for what no text has.

import Foundation

/// A file of UTF-8 lines: without byte order mark, NUL and overlong lines.
struct TextFile {
  let path: String
  let bytes: [UInt8]

  init(contentsOf url: URL, maximumLineLength: Int) throws(TextError) {
    path = url.path
    guard FileManager.default.fileExists(atPath: path) else { throw .missingFile(path: path) }
    do {
      let data = try Data(contentsOf: url)
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      bytes = [UInt8](data.starts(with: mark) ? data.dropFirst(mark.count) : data)
    } catch {
      throw .unreadableFile(path: path, reason: error.localizedDescription)
    }
    guard bytes.contains(where: { !$0.isWhiteSpace }) else { throw .emptyFile(path: path) }
    try checkLines(maximumLength: maximumLineLength)
  }

  private func checkLines(maximumLength: Int) throws(TextError) {
    var line = 1
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex { $0 == 0x0A || $0 == 0 } ?? bytes.count
      let place = TextError.Place(path: path, line: line)
      if end < bytes.count, bytes[end] == 0 { throw .nulByte(at: place) }
      guard end - start <= maximumLength else {
        throw .lineTooLong(at: place, byteCount: end - start, maximum: maximumLength)
      }
      start = end + 1
      line += 1
    }
  }

  /// The end of the line that `start` is in: of its text without CR, and of the line break.
  func lineEnd(from start: Int) -> (text: Int, next: Int) {
    guard let end = bytes[start...].firstIndex(of: 0x0A) else { return (bytes.count, bytes.count) }
    return (end > start && bytes[end - 1] == 0x0D ? end - 1 : end, end + 1)
  }

  func string(_ bytes: ArraySlice<UInt8>, line: Int) throws(TextError) -> String {
    guard let string = String(validating: bytes, as: UTF8.self) else {
      throw .invalidUTF8(at: TextError.Place(path: path, line: line))
    }
    return string
  }
}
