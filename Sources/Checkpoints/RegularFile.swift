// Files of a checkpoint, with failures told as errors of one.

import Foundation
import JSON

extension RegularFile {
  /// Looks at a file; throws `.missing` with `hint`, or `.unreadable`.
  static func checked(
    _ url: URL, hint: String = "check the name"
  ) throws(CheckpointError) -> RegularFile {
    do { return try RegularFile(url) } catch {
      throw CheckpointError(error, path: url.path, hint: hint)
    }
  }

  /// All bytes of a file that has at most `most`.
  static func contents(of url: URL, atMost most: Int) throws(CheckpointError) -> Data {
    do { return try RegularFile(url).contents(atMost: most) } catch {
      throw CheckpointError(error, path: url.path, hint: "check the name")
    }
  }
}

extension CheckpointError {
  fileprivate init(_ failure: RegularFile.Failure, path: String, hint: String) {
    self =
      switch failure {
      case .missing: .missing(path: path, hint: hint)
      case .notRegular:
        .unreadable(path: path, reason: "expected a file, found a folder or a device")
      case .tooLarge(let byteCount, let most):
        .unreadable(path: path, reason: "expected at most \(most) bytes, found \(byteCount)")
      case .unreadable(let reason): .unreadable(path: path, reason: reason)
      }
  }
}
