// Where results will be written: looked at before the work, not after it.

import Foundation

/// Checks of `--out`.
enum OutputPlace {
  /// The files that a model's folder may hold; another file there is somebody's own.
  private static let modelFiles: Set = [
    "config.json", "model.safetensors", "card.json", "metrics.jsonl", "tokenizer.model",
    "tokenizer.json", "vocab.txt", "sentencepiece.bpe.model", "tokenizer_config.json",
    "special_tokens_map.json",
  ]
  /// What an export may hold besides: the model as it is.
  private static let exportFolder = "pare"

  /// The folder for a model: a new one, an empty one, or an older model, which will be replaced;
  /// or, for an export, an older export.
  static func folder(_ path: String, orExport: Bool = false) throws -> URL {
    let url = try place(path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      return url
    }
    guard isFolder.boolValue else {
      throw InputError("--out \(path): expected a folder or a new name, found a file")
    }
    var names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    if orExport, let index = names.firstIndex(of: exportFolder) {
      names.remove(at: index)
      let inner = url.appendingPathComponent(exportFolder).path
      names += (try? FileManager.default.contentsOfDirectory(atPath: inner)) ?? [exportFolder]
    }
    if let other = names.sorted().first(where: { !modelFiles.contains($0) }) {
      throw InputError(
        "--out \(path): expected a new name or an older model's folder, which is replaced; found "
          + "\(other) in it, which would be lost; choose another name")
    }
    return url
  }

  /// The place for a file.
  static func file(_ path: String) throws -> URL {
    let url = try place(path)
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue
    {
      throw InputError("--out \(path): expected a file or a new name, found a folder")
    }
    return url
  }

  /// The place that a name stands for, which the system must let us write to.
  private static func place(_ path: String) throws -> URL {
    guard !path.isEmpty else { throw InputError("--out: expected a name, found nothing") }
    let url = URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath()
    var parent = url.deletingLastPathComponent()
    while !FileManager.default.fileExists(atPath: parent.path), parent.path != "/" {
      parent = parent.deletingLastPathComponent()
    }
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: parent.path, isDirectory: &isFolder)
    guard isFolder.boolValue else {
      throw InputError("--out \(path): \(parent.path) is a file; expected a folder")
    }
    guard FileManager.default.isWritableFile(atPath: parent.path) else {
      throw InputError(
        "--out \(path): cannot be written: no permission in \(parent.path); choose another folder")
    }
    return url
  }
}
