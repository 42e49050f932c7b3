// Reading safetensors: a header, and the tensors' bytes.

public import Foundation
import JSON
public import Tensors

/// Named tensors in a mapped file; 32-bit floats are not copied until they are changed.
///
/// Every claim of the header is checked before anything is read. Tensors of types that are not
/// computed with, such as `embeddings.position_ids` in 64-bit integers, are listed like all others;
/// only reading one is an error.
public struct SafetensorsFile: Sendable {
  /// The file, for messages.
  public let path: String
  /// What the writer noted.
  public let metadata: [String: String]
  private let entries: [String: SafetensorsHeader.Entry]
  private let file: MappedFile

  /// Opens and checks a file.
  public init(contentsOf url: URL) throws(CheckpointError) {
    path = url.path
    _ = try RegularFile.checked(url)
    do { file = try MappedFile(url) } catch {
      throw .unreadable(path: path, reason: error.localizedDescription)
    }
    let header = try SafetensorsHeader(of: file, path: path)
    entries = header.entries
    metadata = header.metadata
  }

  /// The names of all tensors, sorted.
  public var names: [String] { entries.keys.sorted() }

  /// The shape of a tensor, or `nil` where there is none of that name.
  public func shape(of name: String) -> [Int]? { entries[name]?.shape }

  /// The type of a tensor as stored, or `nil` where there is none of that name.
  public func type(of name: String) -> StoredType? { entries[name]?.type }

  /// The bytes that a tensor takes in the file.
  public func byteCount(of name: String) -> Int { entries[name]?.bytes.count ?? 0 }

  /// The tensor of the given name; f16 and bf16 are widened.
  public func tensor(_ name: String) throws(CheckpointError) -> Tensor {
    guard let entry = entries[name] else { throw .missingTensor(path: path, name: name) }
    guard let type = entry.type.elementType else {
      throw .wrongType(path: path, name: name, found: entry.type)
    }
    return file.tensor(at: entry.bytes.lowerBound, shape: entry.shape, as: type)
  }
}
