// Writing safetensors.

public import Foundation
public import Tensors

extension SafetensorsFile {
  /// Writes named tensors, in the order given, beside `url` and renames the result: a reader never
  /// sees half a file.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], as type: ElementType = .f32,
    metadata: [String: String] = [:], to url: URL
  ) throws(CheckpointError) {
    var fields: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
    var offset = 0
    for (name, tensor) in tensors {
      let end = offset + tensor.count * type.byteCount
      fields[name] = [
        "dtype": type.rawValue, "shape": tensor.shape, "data_offsets": [offset, end],
      ]
      offset = end
    }
    try AtomicFile.write(to: url) { handle in
      var header = try JSONSerialization.data(
        withJSONObject: fields, options: [.sortedKeys, .withoutEscapingSlashes])
      // Spaces up to a multiple of 64, so that a mapped tensor is aligned.
      header.append(Data(repeating: 0x20, count: (64 - (header.count + 8) % 64) % 64))
      let length = UInt64(header.count)
      try handle.write(
        contentsOf: Data((0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }))
      try handle.write(contentsOf: header)
      for (_, tensor) in tensors { try handle.write(contentsOf: tensor.serialized(as: type)) }
    }
  }
}
