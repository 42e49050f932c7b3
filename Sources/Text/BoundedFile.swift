// Files that are read whole, with failures told as errors of text.

import Foundation
import JSON

/// Reads files that come from elsewhere, without letting one fill the memory.
enum BoundedFile {
  /// Whether there is something of this name.
  static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  /// Throws if there is no such file, if it is no regular one, and if it has more than `maximum`
  /// bytes.
  static func check(_ url: URL, maximumByteCount maximum: Int) throws(TextError) {
    do { try RegularFile(url).check(atMost: maximum) } catch {
      throw TextError(error, path: url.path)
    }
  }

  /// The bytes of a file of at most `maximum`.
  static func read(_ url: URL, maximumByteCount maximum: Int) throws(TextError) -> Data {
    do { return try RegularFile(url).contents(atMost: maximum) } catch {
      throw TextError(error, path: url.path)
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

extension TextError {
  fileprivate init(_ failure: RegularFile.Failure, path: String) {
    self =
      switch failure {
      case .missing: .missingFile(path: path)
      case .notRegular: .unreadableFile(path: path, reason: "expected a regular file")
      case .tooLarge(let byteCount, let most):
        .fileTooLarge(path: path, byteCount: byteCount, maximum: most)
      case .unreadable(let reason): .unreadableFile(path: path, reason: reason)
      }
  }
}
