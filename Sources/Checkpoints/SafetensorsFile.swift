// Reading safetensors: an 8-byte length, a JSON header of that length, and the tensors' bytes.

public import Foundation
public import Tensors

/// Named tensors in a mapped file; 32-bit floats are not copied until they are changed.
///
/// Every claim of the header is checked before anything is read: hostile files give an error, in time
/// and memory bounded by the header's own size.
public struct SafetensorsFile: Sendable {
  /// Where one tensor lies.
  struct Entry: Sendable {
    let type: ElementType
    let shape: [Int]
    let bytes: Range<Int>
  }

  /// The file, for messages.
  public let path: String
  /// What the writer noted.
  public let metadata: [String: String]
  let entries: [String: Entry]
  private let file: MappedFile

  /// A header may take this much: thousands of tensors need well under a megabyte.
  private static let longestHeader = 100_000_000

  /// Opens and checks a file.
  public init(contentsOf url: URL) throws(CheckpointError) {
    path = url.path
    guard FileManager.default.fileExists(atPath: path) else {
      throw .missing(path: path, hint: "check the name")
    }
    do { file = try MappedFile(url) } catch {
      throw .unreadable(path: path, reason: error.localizedDescription)
    }
    let header = try Self.header(file, path)
    var entries: [String: Entry] = [:]
    var metadata: [String: String] = [:]
    for (name, value) in header.fields {
      if name == "__metadata__" {
        metadata = value as? [String: String] ?? [:]
      } else {
        entries[name] = try Self.entry(
          name, value, origin: header.end, fileSize: file.count, path)
      }
    }
    try Self.checkLayout(entries, from: header.end, to: file.count, path)
    self.entries = entries
    self.metadata = metadata
  }

  /// The names of all tensors, sorted.
  public var names: [String] { entries.keys.sorted() }

  /// The shape of a tensor, or `nil` where there is none of that name.
  public func shape(of name: String) -> [Int]? { entries[name]?.shape }

  /// The tensor of the given name; f16 and bf16 are widened.
  public func tensor(_ name: String) throws(CheckpointError) -> Tensor {
    guard let entry = entries[name] else { throw .missingTensor(path: path, name: name) }
    return file.tensor(at: entry.bytes.lowerBound, shape: entry.shape, as: entry.type)
  }

  /// The bytes that a tensor takes in the file.
  public func byteCount(of name: String) -> Int { entries[name]?.bytes.count ?? 0 }

  private static func header(
    _ file: MappedFile, _ path: String
  ) throws(CheckpointError) -> (fields: [String: Any], end: Int) {
    func invalid(_ reason: String) -> CheckpointError {
      .invalidHeader(path: path, reason: reason)
    }
    guard file.count >= 8 else { throw invalid("expected 8 bytes of length, found \(file.count)") }
    let length = file.data(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let most = min(longestHeader, file.count - 8)
    guard length <= UInt64(most) else {
      throw invalid("the header claims \(length) bytes, the file has room for \(most)")
    }
    let end = 8 + Int(length)
    do {
      let json = try JSONSerialization.jsonObject(with: file.data(8..<end))
      guard let fields = json as? [String: Any] else {
        throw invalid("the header is not a JSON object")
      }
      return (fields, end)
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw invalid("the header is not JSON")
    }
  }

  private static func entry(
    _ name: String, _ value: Any, origin: Int, fileSize: Int, _ path: String
  ) throws(CheckpointError) -> Entry {
    func invalid(_ reason: String) -> CheckpointError {
      .invalidHeader(path: path, reason: "tensor \(name): \(reason)")
    }
    guard let fields = value as? [String: Any], let dtype = fields["dtype"] as? String,
      let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int]
    else { throw invalid("expected dtype, shape and data_offsets") }
    guard let type = ElementType(rawValue: dtype) else {
      let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
      throw invalid("expected one of the types \(known), found \(dtype)")
    }
    guard offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1],
      offsets[1] <= fileSize - origin
    else { throw invalid("the bytes \(offsets) lie outside the file's \(fileSize - origin)") }
    var size = type.byteCount
    for length in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else { throw invalid("impossible shape \(shape)") }
      size = product
    }
    guard size == offsets[1] - offsets[0] else {
      throw invalid("shape \(shape) needs \(size) bytes, found \(offsets[1] - offsets[0])")
    }
    return Entry(type: type, shape: shape, bytes: origin + offsets[0]..<origin + offsets[1])
  }

  /// Tensors must cover the file without gap or overlap: a gap hides bytes, an overlap is a lie.
  private static func checkLayout(
    _ entries: [String: Entry], from start: Int, to end: Int, _ path: String
  ) throws(CheckpointError) {
    var position = start
    let ordered = entries.sorted {
      ($0.value.bytes.lowerBound, $0.value.bytes.count, $0.key)
        < ($1.value.bytes.lowerBound, $1.value.bytes.count, $1.key)
    }
    for (name, entry) in ordered {
      guard entry.bytes.lowerBound == position else {
        throw .invalidHeader(
          path: path,
          reason: "tensor \(name) begins at byte \(entry.bytes.lowerBound), "
            + "the one before ends at \(position)")
      }
      position = entry.bytes.upperBound
    }
    guard position == end else {
      throw .invalidHeader(
        path: path, reason: "the header accounts for \(position) bytes, the file has \(end)")
    }
  }
}
