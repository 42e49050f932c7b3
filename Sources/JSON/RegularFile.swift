// What is asked before a file of strangers is opened, and a read that cannot fill the memory.

public import Foundation

/// A file with an end: no folder, no pipe that would be waited for, no device.
public struct RegularFile: Sendable {
  /// Why a file is not read. The modules that read files turn it into errors of their own.
  public enum Failure: Error, Equatable, Sendable {
    /// There is nothing of this name.
    case missing
    /// There is something else than a file.
    case notRegular
    /// The file has more bytes than are read.
    case tooLarge(byteCount: Int, most: Int)
    /// The system does not let it be read.
    case unreadable(reason: String)
  }

  /// The size in bytes.
  public let byteCount: Int
  /// Where the file lies when all links are followed.
  public let target: URL

  /// Looks at a file; its bytes are not read.
  public init(_ url: URL) throws(Failure) {
    // Stores of downloaded models are full of links.
    target = url.resolvingSymlinksInPath()
    guard FileManager.default.fileExists(atPath: url.path) else { throw .missing }
    let attributes: [FileAttributeKey: Any]
    do {
      attributes = try FileManager.default.attributesOfItem(atPath: target.path)
    } catch {
      throw .unreadable(reason: error.localizedDescription)
    }
    guard attributes[.type] as? FileAttributeType == .typeRegular,
      let byteCount = (attributes[.size] as? NSNumber)?.intValue
    else { throw .notRegular }
    self.byteCount = byteCount
  }

  /// Throws if the file has more bytes than `most`.
  public func check(atMost most: Int) throws(Failure) {
    guard byteCount <= most else { throw .tooLarge(byteCount: byteCount, most: most) }
  }

  /// All bytes of a file that has at most `most`, also if it grows while it is read.
  public func contents(atMost most: Int) throws(Failure) -> Data {
    try check(atMost: most)
    let data: Data
    do {
      let handle = try FileHandle(forReadingFrom: target)
      defer { try? handle.close() }
      data = try handle.read(upToCount: most + 1) ?? Data()
    } catch {
      throw .unreadable(reason: error.localizedDescription)
    }
    guard data.count <= most else { throw .tooLarge(byteCount: data.count, most: most) }
    return data
  }
}
