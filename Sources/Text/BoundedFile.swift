// Files that are read whole, if they are of a size to be.

import Foundation

/// Reads files that come from elsewhere, without letting one fill the memory.
enum BoundedFile {
  /// Whether there is something of this name.
  static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  /// Throws if there is no such file, if it is no regular one, and if it has more than `maximum` bytes.
  static func check(_ url: URL, maximumByteCount maximum: Int) throws(TextError) {
    guard exists(url) else { throw .missingFile(path: url.path) }
    let attributes: [FileAttributeKey: Any]
    do {
      // Stores of downloaded models are full of links.
      let target = url.resolvingSymlinksInPath().path
      attributes = try FileManager.default.attributesOfItem(atPath: target)
    } catch {
      throw .unreadableFile(path: url.path, reason: error.localizedDescription)
    }
    guard attributes[.type] as? FileAttributeType == .typeRegular else {
      throw .unreadableFile(path: url.path, reason: "expected a regular file")
    }
    let byteCount = (attributes[.size] as? NSNumber)?.intValue ?? 0
    guard byteCount <= maximum else {
      throw .fileTooLarge(path: url.path, byteCount: byteCount, maximum: maximum)
    }
  }

  /// The bytes of a file of at most `maximum`.
  static func read(_ url: URL, maximumByteCount maximum: Int) throws(TextError) -> Data {
    try check(url, maximumByteCount: maximum)
    do {
      return try Data(contentsOf: url)
    } catch {
      throw .unreadableFile(path: url.path, reason: error.localizedDescription)
    }
  }

  /// Throws the first line with bytes that are not UTF-8.
  static func checkUTF8(_ bytes: [UInt8], path: String) throws(TextError) {
    guard String(validating: bytes, as: UTF8.self) == nil else { return }
    var line = 1
    for text in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      if String(validating: text, as: UTF8.self) == nil { break }
      line += 1
    }
    throw .invalidUTF8(at: TextError.Place(path: path, line: line))
  }
}
