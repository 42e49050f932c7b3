// Writing safetensors.

public import Foundation
public import Tensors

extension SafetensorsFile {
  /// Writes named tensors, in the order given, beside `url` and renames the result: a reader never
  /// sees half a file.
  ///
  /// With `omittingZeros`, a matrix with enough zeros becomes two tensors, `NAME.mask` and
  /// `NAME.values`, of which ``tensor(_:)`` makes the same matrix again, bit for bit; other readers
  /// find there what the README of this module says. All else is written as without, and so is a
  /// matrix beside which another tensor has one of these names.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], as type: ElementType = .f32,
    metadata: [String: String] = [:], omittingZeros: Bool = false, to url: URL
  ) throws(CheckpointError) {
    let parts = parts(tensors, as: type, omittingZeros: omittingZeros)
    try AtomicFile.write(to: url) { handle in
      var metadata = metadata
      metadata[SparseEntry.key] =
        parts.claims.isEmpty ? nil : String(decoding: try json(parts.claims), as: UTF8.self)
      var fields: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
      var offset = 0
      for part in parts.list {
        let end = offset + part.byteCount
        fields[part.name] = [
          "dtype": part.type.rawValue, "shape": part.shape, "data_offsets": [offset, end],
        ]
        offset = end
      }
      var header = try json(fields)
      // Spaces up to a multiple of 64, so that a mapped tensor is aligned.
      header.append(Data(repeating: 0x20, count: (64 - (header.count + 8) % 64) % 64))
      let length = UInt64(header.count)
      try handle.write(
        contentsOf: Data((0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }))
      try handle.write(contentsOf: header)
      for part in parts.list { try handle.write(contentsOf: part.bytes()) }
    }
  }

  /// A tensor of the file, and how to get its bytes when their turn has come.
  private struct Part {
    let name: String
    let type: StoredType
    let shape: [Int]
    let byteCount: Int
    let bytes: () -> Data
  }

  /// Masks come last: their odd sizes would leave the tensors behind them unaligned.
  private static func parts(
    _ tensors: [(name: String, tensor: Tensor)], as type: ElementType, omittingZeros: Bool
  ) -> (list: [Part], claims: [String: Any]) {
    var (list, masks): ([Part], [Part]) = ([], [])
    var claims: [String: Any] = [:]
    let taken = Set(tensors.map(\.name))
    for (name, tensor) in tensors {
      let names = [name + SparseEntry.valuesSuffix, name + SparseEntry.maskSuffix]
      guard omittingZeros, taken.isDisjoint(with: names),
        let sparse = OmittedZeros(tensor, as: type)
      else {
        list.append(
          Part(
            name: name, type: type.stored, shape: tensor.shape,
            byteCount: tensor.count * type.byteCount, bytes: { tensor.serialized(as: type) }))
        continue
      }
      let (mask, values) = (Data(sparse.blocks.mask.bytes), sparse.blocks.values)
      list.append(
        Part(
          name: names[0], type: type.stored, shape: sparse.valuesShape,
          byteCount: values.count, bytes: { values }))
      masks.append(
        Part(
          name: names[1], type: .u8, shape: [mask.count],
          byteCount: mask.count, bytes: { mask }))
      claims[name] = sparse.claim
    }
    return (list + masks, claims)
  }

  private static func json(_ object: [String: Any]) throws -> Data {
    try JSONSerialization.data(
      withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
  }
}
