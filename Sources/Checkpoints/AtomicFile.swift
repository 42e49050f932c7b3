// Files and folders that are there whole or not at all.

import CKernels
public import Foundation

/// Writing beside and renaming.
public enum AtomicFile {
  /// Writes a file through `body`, flushes it, and renames it to `url`.
  public static func write(
    to url: URL, _ body: (FileHandle) throws -> Void
  ) throws(CheckpointError) {
    let temporary = sibling(of: url)
    do {
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data().write(to: temporary)
      let handle = try FileHandle(forWritingTo: temporary)
      defer { try? handle.close() }
      try body(handle)
      try handle.synchronize()
      try replace(url, with: temporary)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw unwritable(url, error)
    }
  }

  /// Writes a file of given bytes.
  public static func write(_ data: Data, to url: URL) throws(CheckpointError) {
    try write(to: url) { try $0.write(contentsOf: data) }
  }

  /// Fills a new folder through `body` and puts it in place of whatever was at `url`.
  public static func writeFolder(
    _ url: URL, _ body: (URL) throws -> Void
  ) throws(CheckpointError) {
    let temporary = sibling(of: url)
    let files = FileManager.default
    do {
      try? files.removeItem(at: temporary)
      try files.createDirectory(at: temporary, withIntermediateDirectories: true)
      try body(temporary)
      if files.fileExists(atPath: url.path) {
        guard pare_exchange_files(temporary.path, url.path) else { throw systemError() }
        try files.removeItem(at: temporary)
      } else {
        try replace(url, with: temporary)
      }
      _ = pare_flush_file(url.deletingLastPathComponent().path)
    } catch {
      try? files.removeItem(at: temporary)
      throw renamed(unwritable(url, error), from: temporary.path, to: url.path)
    }
  }

  private static func sibling(of url: URL) -> URL {
    url.deletingLastPathComponent().appendingPathComponent(
      ".\(url.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier).partial")
  }

  private static func replace(_ url: URL, with temporary: URL) throws {
    guard rename(temporary.path, url.path) == 0 else { throw systemError() }
  }

  /// The error with the place that was to be written: nobody has heard of the temporary one.
  private static func renamed(
    _ error: CheckpointError, from temporary: String, to final: String
  ) -> CheckpointError {
    func renamed(_ text: String) -> String {
      text.replacingOccurrences(of: temporary, with: final)
    }
    switch error {
    case .unwritable(let path, let reason):
      return .unwritable(path: renamed(path), reason: renamed(reason))
    case .unreadable(let path, let reason):
      return .unreadable(path: renamed(path), reason: renamed(reason))
    case .missing(let path, let hint): return .missing(path: renamed(path), hint: renamed(hint))
    case .invalidHeader, .missingTensor, .unexpectedTensor, .wrongShape, .wrongType,
      .invalidIndex, .invalidJSON, .notAModel:
      return error
    }
  }

  private static func systemError() -> any Error {
    POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
  }

  private static func unwritable(_ url: URL, _ error: any Error) -> CheckpointError {
    if let error = error as? CheckpointError { return error }
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    let system = [error as NSError, underlying].compactMap { $0 }.last {
      $0.domain == NSPOSIXErrorDomain
    }
    let reason = system.map { String(cString: strerror(Int32($0.code))) }
    return .unwritable(path: url.path, reason: reason ?? error.localizedDescription)
  }
}
