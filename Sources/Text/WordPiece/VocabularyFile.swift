// `vocab.txt` of BERT: a piece a line, its id the number of the line.

import Foundation

extension PieceList {
  /// Reads the pieces; a line may end in CRLF, and the last needs no end.
  init(vocabulary url: URL, _ data: Data) throws(TextError) {
    bytes = [UInt8](data)
    try BoundedFile.checkUTF8(bytes, path: url.path)
    starts.reserveCapacity(bytes.count / 7)
    ends.reserveCapacity(bytes.count / 7)
    var start = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count, bytes[end] != 0x0A { end += 1 }
      let next = end + 1
      if end > start, bytes[end - 1] == 0x0D { end -= 1 }
      guard end > start else { throw .emptyPiece(path: url.path, id: starts.count) }
      starts.append(UInt32(start))
      ends.append(UInt32(end))
      start = next
    }
    guard !starts.isEmpty else { throw .emptyFile(path: url.path) }
  }
}
