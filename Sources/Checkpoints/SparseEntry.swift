// Matrices of which a file leaves out the zero blocks: NAME.mask, NAME.values, and what the
// metadata says.

import JSON
import Tensors

/// Where a matrix lies whose zero blocks are left out, once every claim was checked.
///
/// `NAME.mask` (U8) has a bit for each block, row-major, the lowest bit of a byte first;
/// `NAME.values` [blocks that are not zero, block rows, block columns] has these, in the mask's
/// order. The metadata's `pare.sparse` is a JSON object with the block's sizes and the matrix's
/// shape for each name: `{"layers.0.feedForward.up.weight":{"block":[4,1],"shape":[1536,384]}}`.
struct SparseEntry: Sendable {
  let block: BlockShape
  let shape: [Int]
  let mask, values: SafetensorsHeader.Entry

  static let key = "pare.sparse"
  static let maskSuffix = ".mask"
  static let valuesSuffix = ".values"

  /// A matrix takes at most this many times the bytes of its mask and values, so that a small file
  /// never asks for much memory: the coarser of two masks is not worth it beyond that.
  static let mostExpansion = 64

  /// The blocks that are not zero.
  var keptCount: Int { values.shape[0] }

  /// Bytes that mask and values take.
  var byteCount: Int { mask.bytes.count + values.bytes.count }

  /// The claims of `metadata` about the tensors of a header, each checked against these.
  static func all(
    in header: SafetensorsHeader, path: String
  ) throws(CheckpointError) -> [String: SparseEntry] {
    guard let text = header.metadata[key] else { return [:] }
    var cursor = JSONCursor([UInt8](text.utf8))
    var entries: [String: SparseEntry] = [:]
    do {
      try cursor.object { (cursor, name) throws(JSONFailure) in
        let claim = try Claim(&cursor, name: name.brief)
        do throws(Misfit) {
          entries[name] = try SparseEntry(name, claim, header.entries)
        } catch {
          throw cursor.failure("tensor \(name.brief): \(error.reason)")
        }
      }
      try cursor.end()
    } catch {
      throw .invalidHeader(path: path, reason: "\(key) in the metadata: \(error)")
    }
    return entries
  }

  /// What is said of one matrix.
  private struct Claim {
    let block, shape: [Int]

    init(_ cursor: inout JSONCursor, name: String) throws(JSONFailure) {
      var (block, shape): ([Int]?, [Int]?)
      try cursor.object { (cursor, key) throws(JSONFailure) in
        switch key {
        case "block": block = try SafetensorsHeader.numbers(&cursor, atMost: 2)
        case "shape": shape = try SafetensorsHeader.numbers(&cursor, atMost: 2)
        default: throw cursor.failure("tensor \(name) has the unknown key \(key.brief)")
        }
      }
      guard let block, let shape, block.count == 2, shape.count == 2 else {
        throw cursor.failure("tensor \(name): expected block and shape, of two sizes each")
      }
      (self.block, self.shape) = (block, shape)
    }
  }

  private struct Misfit: Error { let reason: String }

  private init(
    _ name: String, _ claim: Claim, _ entries: [String: SafetensorsHeader.Entry]
  ) throws(Misfit) {
    guard entries[name] == nil else {
      throw Misfit(reason: "it is there whole, and as \(Self.maskSuffix) and \(Self.valuesSuffix)")
    }
    guard let mask = entries[name + Self.maskSuffix], let values = entries[name + Self.valuesSuffix]
    else {
      throw Misfit(
        reason: "expected two tensors, \(Self.maskSuffix) and \(Self.valuesSuffix) behind its name")
    }
    let (sizes, shape) = (claim.block, claim.shape)
    guard sizes[0] > 0, sizes[1] > 0, shape[0] % sizes[0] == 0, shape[1] % sizes[1] == 0 else {
      throw Misfit(reason: "blocks of \(sizes) do not divide the shape \(shape)")
    }
    guard mask.type == .u8, let type = values.type.elementType else {
      throw Misfit(
        reason: "expected a mask of U8 and values of F32, F16 or BF16, found "
          + "\(mask.type.rawValue) and \(values.type.rawValue)")
    }
    let (count, overflow) = shape[0].multipliedReportingOverflow(by: shape[1])
    let most = (mask.bytes.count + values.bytes.count) * Self.mostExpansion
    guard !overflow, count <= most / type.byteCount else {
      throw Misfit(
        reason: "the shape \(shape) takes more than \(Self.mostExpansion) times the "
          + "\(mask.bytes.count + values.bytes.count) bytes of mask and values")
    }
    let blocks = count / sizes[0] / sizes[1]
    guard mask.shape == [(blocks + 7) / 8] else {
      throw Misfit(
        reason: "expected a mask of the shape [\((blocks + 7) / 8)] for \(blocks) blocks, found "
          + "\(mask.shape)")
    }
    guard values.shape.count == 3, Array(values.shape.dropFirst()) == sizes else {
      throw Misfit(
        reason: "expected values of the shape [kept, \(sizes[0]), \(sizes[1])], found "
          + "\(values.shape)")
    }
    (block, self.shape) = (BlockShape(sizes[0], sizes[1]), shape)
    (self.mask, self.values) = (mask, values)
  }

  /// The mask, once its bits were counted; throws where they are not as many as there are values.
  func mask(in file: MappedFile, name: String, path: String) throws(CheckpointError) -> BlockMask {
    let bytes = [UInt8](file.data(mask.bytes))
    guard let found = BlockMask(bytes, block: block, shape: shape) else {
      throw .invalidHeader(
        path: path, reason: "tensor \(name.brief): the mask has bits behind its last block")
    }
    guard found.keptCount == keptCount else {
      throw .invalidHeader(
        path: path,
        reason: "tensor \(name.brief): the mask keeps \(found.keptCount) blocks, there are "
          + "values of \(keptCount)")
    }
    return found
  }
}
