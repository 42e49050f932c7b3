// What is asked before a file is opened.

import Foundation

/// A file with an end: no folder, no pipe that would be waited for, no device.
struct RegularFile {
  /// The size in bytes.
  let size: Int
  /// Where the file lies when all links are followed.
  let target: URL
  private let path: String

  /// Throws `.missing` with `hint`, or `.unreadable`.
  init(_ url: URL, hint: String = "check the name") throws(CheckpointError) {
    path = url.path
    target = url.resolvingSymlinksInPath()
    guard FileManager.default.fileExists(atPath: path) else {
      throw .missing(path: path, hint: hint)
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: target.path)
    guard let attributes, attributes[.type] as? FileAttributeType == .typeRegular,
      let size = (attributes[.size] as? NSNumber)?.intValue
    else { throw .unreadable(path: path, reason: "expected a file, found a folder or a device") }
    self.size = size
  }

  /// All bytes of a file that has at most `most`.
  func contents(atMost most: Int) throws(CheckpointError) -> Data {
    guard size <= most else {
      throw .unreadable(path: path, reason: "expected at most \(most) bytes, found \(size)")
    }
    guard let data = try? Data(contentsOf: target) else {
      throw .unreadable(path: path, reason: "expected a file that may be read")
    }
    return data
  }
}
