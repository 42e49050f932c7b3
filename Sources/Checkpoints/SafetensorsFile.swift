// Reading safetensors: a header, and the tensors' bytes.

public import Foundation
import JSON
public import Tensors

/// Named tensors in a mapped file; 32-bit floats are not copied until they are changed.
///
/// Every claim of the header is checked before anything is read. Tensors of types that are not
/// computed with, such as `embeddings.position_ids` in 64-bit integers, are listed like all others;
/// only reading one is an error. A matrix that was written without its zeros is listed by its own
/// name, and read whole.
public struct SafetensorsFile: Sendable {
  /// The file, for messages.
  public let path: String
  /// What the writer noted.
  public let metadata: [String: String]
  private let entries: [String: SafetensorsHeader.Entry]
  private let sparse: [String: SparseEntry]
  private let file: MappedFile

  /// Opens and checks a file.
  public init(contentsOf url: URL) throws(CheckpointError) {
    path = url.path
    _ = try RegularFile.checked(url)
    do { file = try MappedFile(url) } catch {
      throw .unreadable(path: path, reason: error.localizedDescription)
    }
    let header = try SafetensorsHeader(of: file, path: path)
    sparse = try SparseEntry.all(in: header, path: path)
    var (entries, metadata) = (header.entries, header.metadata)
    metadata[SparseEntry.key] = nil
    for (name, entry) in sparse.sorted(by: { $0.key < $1.key }) {
      entries[name + SparseEntry.maskSuffix] = nil
      entries[name + SparseEntry.valuesSuffix] = nil
      // What can be opened can be read: the bits are counted now.
      _ = try entry.mask(in: file, name: name, path: path)
    }
    (self.entries, self.metadata) = (entries, metadata)
  }

  /// The names of all tensors, sorted.
  public var names: [String] { (Array(entries.keys) + sparse.keys).sorted() }

  /// The shape of a tensor, or `nil` where there is none of that name.
  public func shape(of name: String) -> [Int]? { entries[name]?.shape ?? sparse[name]?.shape }

  /// The type of a tensor as stored, or `nil` where there is none of that name.
  public func type(of name: String) -> StoredType? {
    entries[name]?.type ?? sparse[name]?.values.type
  }

  /// The bytes that a tensor takes in the file, its mask included.
  public func byteCount(of name: String) -> Int {
    entries[name]?.bytes.count ?? sparse[name]?.byteCount ?? 0
  }

  /// The bytes that the mask of a tensor takes which is stored without its zeros; 0 of all others.
  public func maskByteCount(of name: String) -> Int { sparse[name]?.mask.bytes.count ?? 0 }

  /// The tensor of the given name; f16 and bf16 are widened.
  public func tensor(_ name: String) throws(CheckpointError) -> Tensor {
    if let entry = sparse[name] { return try tensor(entry, name) }
    guard let entry = entries[name] else { throw .missingTensor(path: path, name: name) }
    guard let type = entry.type.elementType else {
      throw .wrongType(path: path, name: name, found: entry.type)
    }
    return file.tensor(at: entry.bytes.lowerBound, shape: entry.shape, as: type)
  }
  private func tensor(_ entry: SparseEntry, _ name: String) throws(CheckpointError) -> Tensor {
    guard let type = entry.values.type.elementType else {
      throw .wrongType(path: path, name: name, found: entry.values.type)
    }
    let mask = try entry.mask(in: file, name: name, path: path)
    let values = file.tensor(
      at: entry.values.bytes.lowerBound, shape: entry.values.shape, as: type)
    return Tensor(scattering: values, by: mask)
  }
}
