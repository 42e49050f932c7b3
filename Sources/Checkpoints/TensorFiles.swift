// The weights of a model's folder, in one file or in several.

public import Foundation
public import Tensors

/// Named tensors of `model.safetensors`, or of the shards that `model.safetensors.index.json`
/// lists.
///
/// A folder that has both is read by its single file.
///
///     let files = try TensorFiles(contentsOf: folder)
///     let weight = try files.tensor("classifier.weight")
public struct TensorFiles: Sendable {
  /// The single file, or the index of the shards; for messages.
  public let path: String
  private let fileByName: [String: SafetensorsFile]

  /// The tensors of one file.
  public init(_ file: SafetensorsFile) {
    path = file.path
    fileByName = Self.all(of: file)
  }

  /// Opens and checks the files of a folder.
  public init(contentsOf folder: URL) throws(CheckpointError) {
    let single = folder.appendingPathComponent("model.safetensors")
    let index = folder.appendingPathComponent("model.safetensors.index.json")
    let files = FileManager.default
    if files.fileExists(atPath: index.path) && !files.fileExists(atPath: single.path) {
      path = index.path
      fileByName = try ShardIndex(contentsOf: index).openFiles(in: folder)
      return
    }
    guard files.fileExists(atPath: single.path) else {
      throw .notAModel(path: folder.path, missing: "model.safetensors")
    }
    let file = try SafetensorsFile(contentsOf: single)
    path = file.path
    fileByName = Self.all(of: file)
  }

  /// The names of all tensors, sorted.
  public var names: [String] { fileByName.keys.sorted() }

  /// The shape of a tensor, or `nil` where there is none of that name.
  public func shape(of name: String) -> [Int]? { fileByName[name]?.shape(of: name) }

  /// The type of a tensor as stored, or `nil` where there is none of that name.
  public func type(of name: String) -> StoredType? { fileByName[name]?.type(of: name) }

  /// The bytes that a tensor takes in its file, its mask included.
  public func byteCount(of name: String) -> Int { fileByName[name]?.byteCount(of: name) ?? 0 }

  /// The bytes of the mask of a tensor that is stored without its zeros; 0 of all others.
  public func maskByteCount(of name: String) -> Int {
    fileByName[name]?.maskByteCount(of: name) ?? 0
  }

  /// The file that holds a tensor, for messages; where there is none of that name, as ``path``.
  public func path(of name: String) -> String { fileByName[name]?.path ?? path }

  /// The tensor of the given name; f16 and bf16 are widened.
  public func tensor(_ name: String) throws(CheckpointError) -> Tensor {
    guard let file = fileByName[name] else { throw .missingTensor(path: path, name: name) }
    return try file.tensor(name)
  }

  private static func all(of file: SafetensorsFile) -> [String: SafetensorsFile] {
    Dictionary(uniqueKeysWithValues: file.names.map { ($0, file) })
  }
}
