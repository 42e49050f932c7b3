// All that can be wrong with an export.

/// Why a model cannot be exported.
public enum ONNXError: Error, Equatable, CustomStringConvertible {
  /// The file would be larger than a protobuf message may be.
  case tooLarge(path: String, byteCount: Int, maximum: Int)

  public var description: String {
    switch self {
    case .tooLarge(let path, let byteCount, let maximum):
      "\(path): expected at most \(maximum) bytes, which is what an ONNX file in one piece may have, "
        + "found \(byteCount); weights in separate files are not supported: prune the model first; "
        + "nothing was written"
    }
  }
}
