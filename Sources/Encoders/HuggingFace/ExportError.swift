// Why a model cannot be given to other programs.

/// What another program's format cannot express.
public enum ExportError: Error, Equatable, CustomStringConvertible {
  /// Nothing in the format computes what this model does.
  case inexpressible(what: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .inexpressible(let what, let expected, let found):
      "a folder for transformers cannot express this model's \(what): expected \(expected), found "
        + "\(found); export it with --format onnx, which has no such limits"
    }
  }
}
