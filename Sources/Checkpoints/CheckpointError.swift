// All that can be wrong with a model's files.

import JSON

/// What is wrong with a file of a model or of a run.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  /// The file or folder is not there.
  case missing(path: String, hint: String)
  /// The system refused to read.
  case unreadable(path: String, reason: String)
  /// The system refused to write: a full disk, no permission.
  case unwritable(path: String, reason: String)
  /// The safetensors header does not describe the file that it opens.
  case invalidHeader(path: String, reason: String)
  /// A tensor that the model needs is not in the file.
  case missingTensor(path: String, name: String)
  /// A tensor in the file that the model has no place for.
  case unexpectedTensor(path: String, name: String)
  /// A tensor of another shape than the configuration says.
  case wrongShape(path: String, name: String, expected: [Int], found: [Int])
  /// A tensor of a type that is not computed with.
  case wrongType(path: String, name: String, found: StoredType)
  /// The index of shards and the shards do not agree.
  case invalidIndex(path: String, reason: String)
  /// JSON that does not say what it should.
  case invalidJSON(path: String, reason: String)
  /// A folder that holds something else than a model.
  case notAModel(path: String, missing: String)

  public var description: String {
    switch self {
    case .missing(let path, let hint): "\(path): there is no such file or folder; \(hint)"
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    case .unwritable(let path, let reason):
      "\(path): cannot be written: \(reason); nothing was changed"
    case .invalidHeader(let path, let reason):
      "\(path): not a sound safetensors file: \(reason); it may be truncated, copy it again"
    case .missingTensor(let path, let name):
      "\(path): expected a tensor named \(name.brief), found none; config.json describes another model"
    case .unexpectedTensor(let path, let name):
      "\(path): found a tensor named \(name.brief) that config.json has no place for"
    case .wrongShape(let path, let name, let expected, let found):
      "\(path): \(name.brief): expected the shape \(expected) that config.json gives, found \(found)"
    case .wrongType(let path, let name, let found):
      "\(path): \(name.brief): expected the type F32, F16 or BF16, found \(found.rawValue)"
    case .invalidIndex(let path, let reason):
      "\(path): index and files of the checkpoint do not fit: \(reason); copy all of them again"
    case .invalidJSON(let path, let reason): "\(path): \(reason)"
    case .notAModel(let path, let missing):
      "\(path): not a model folder: \(missing) is missing; name a folder written by pare, "
        + "or a checkpoint in safetensors"
    }
  }
}
