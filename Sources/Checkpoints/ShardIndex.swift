// Which shard holds which tensor: `model.safetensors.index.json`.

import Foundation
import JSON

/// An index of shards, and the checks that index and shards say the same.
struct ShardIndex {
  private let path: String
  private var fileNameByTensor: [String: String] = [:]

  /// The index of a hundred thousand tensors takes under 10 MB.
  private static let largest = 100_000_000

  /// Reads `weight_map`; all else, such as `metadata` with the sizes' sum, is passed over.
  init(contentsOf url: URL) throws(CheckpointError) {
    path = url.path
    let bytes = [UInt8](try RegularFile.contents(of: url, atMost: Self.largest))
    var cursor = JSONCursor(bytes)
    var names: [String: String]?
    do {
      try cursor.object { (cursor, key) throws(JSONFailure) in
        if key == "weight_map" {
          names = try Self.map(&cursor)
        } else {
          try cursor.skip()
        }
      }
      try cursor.end()
    } catch {
      throw invalid("not sound JSON: \(error)")
    }
    guard let names else { throw invalid("expected the key weight_map, found none") }
    fileNameByTensor = names
  }

  /// Opens every shard, and gives each tensor the one that holds it.
  func openFiles(in folder: URL) throws(CheckpointError) -> [String: SafetensorsFile] {
    var shards: [String: SafetensorsFile] = [:]
    for name in Set(fileNameByTensor.values).sorted() { shards[name] = try open(name, in: folder) }
    var files: [String: SafetensorsFile] = [:]
    for (tensor, name) in fileNameByTensor.sorted(by: { $0.key < $1.key }) {
      guard let shard = shards[name], shard.shape(of: tensor) != nil else {
        throw invalid("it says that \(tensor.brief) is in \(name), but it is not")
      }
      files[tensor] = shard
    }
    for (name, shard) in shards.sorted(by: { $0.key < $1.key }) {
      for tensor in shard.names where fileNameByTensor[tensor] != name {
        guard let other = fileNameByTensor[tensor] else {
          throw invalid("\(name) holds \(tensor.brief), which the index does not list")
        }
        throw invalid("\(name) holds \(tensor.brief), and so does \(other)")
      }
    }
    return files
  }

  private func open(_ name: String, in folder: URL) throws(CheckpointError) -> SafetensorsFile {
    let isPlain = name.hasSuffix(".safetensors") && !name.contains("/") && !name.contains("\0")
    guard isPlain else {
      throw invalid(
        "expected the name of a .safetensors file in the same folder, found \(name.brief)")
    }
    let url = folder.appendingPathComponent(name)
    let shard = try RegularFile.checked(
      url, hint: "\(path) lists it; copy all files of the checkpoint")
    guard Self.folders(for: folder).contains(shard.target.deletingLastPathComponent().path) else {
      throw invalid("\(name) is a link that leads out of the folder, to \(shard.target.path)")
    }
    return try SafetensorsFile(contentsOf: url)
  }

  /// Where the files of a folder may really lie: there, or, in a cache of Hugging Face's hub
  /// (`snapshots/<revision>` full of links), in that cache's `blobs`.
  private static func folders(for folder: URL) -> [String] {
    let folder = folder.resolvingSymlinksInPath()
    let snapshots = folder.deletingLastPathComponent()
    guard snapshots.lastPathComponent == "snapshots" else { return [folder.path] }
    let blobs = snapshots.deletingLastPathComponent().appendingPathComponent("blobs")
    return [folder.path, blobs.path]
  }

  private static func map(
    _ cursor: inout JSONCursor
  ) throws(JSONFailure) -> [String: String] {
    var names: [String: String] = [:]
    try cursor.object { (cursor, tensor) throws(JSONFailure) in
      names[tensor] = try cursor.string()
    }
    return names
  }

  private func invalid(_ reason: String) -> CheckpointError {
    .invalidIndex(path: path, reason: reason)
  }
}
