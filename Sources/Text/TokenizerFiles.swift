// The files that a tokenizer is made of, wherever they are.

import Foundation

/// The files of a folder, or of one that is not on any disk yet: a tokenizer that was cut is read
/// from its files like any other, so that it is what will be read when they are saved.
struct TokenizerFiles {
  private let folder: URL
  private let contents: [String: Data]?

  /// The files of a folder.
  init(_ folder: URL) {
    self.folder = folder
    contents = nil
  }

  /// Files by name, and no others. Errors tell `name` as their folder.
  init(_ contents: [String: Data], name: String) {
    folder = URL(fileURLWithPath: name, isDirectory: true)
    self.contents = contents
  }

  /// Where a file is, for errors.
  func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

  /// Whether there is a file of this name.
  func has(_ name: String) -> Bool {
    if let contents { contents[name] != nil } else { BoundedFile.exists(url(name)) }
  }

  /// The bytes of a file of at most `maximum`.
  func read(_ name: String, maximumByteCount maximum: Int) throws(TextError) -> Data {
    guard let contents else {
      return try BoundedFile.read(url(name), maximumByteCount: maximum)
    }
    guard let data = contents[name] else { throw .missingFile(path: url(name).path) }
    return data
  }
}
