// A constant of the graph that is a parameter of the model, written without a copy of the model.

import Foundation
import SwiftProtobuf
import Tensors

/// A parameter, or some rows of one.
struct Initializer: Sendable {
  let name: String
  private let tensor: Tensor
  private let rows: Range<Int>

  /// `nil` rows are all.
  init(_ name: String, _ tensor: Tensor, rows: Range<Int>? = nil) {
    self.name = name
    self.tensor = tensor
    self.rows = rows ?? 0..<tensor.shape[0]
  }

  var shape: [Int] { [rows.count] + tensor.shape.dropFirst() }
  var byteCount: Int { shape.reduce(4, *) }

  /// The elements, row-major and little-endian.
  var bytes: Data {
    let isWhole = rows.count == tensor.shape[0]
    return (isWhole ? tensor : tensor.rows(at: Array(rows))).serialized(as: .f32)
  }

  /// All that stands before `bytes` in a file: the graph's field, and the message as far as them.
  func framed() throws -> Data {
    let message = TensorProto.with {
      $0.name = name
      $0.dims = shape.map(Int64.init)
      $0.dataType = Int32(TensorProto.DataType.float.rawValue)
    }
    var inner: Data = try message.serializedBytes()
    inner += Data(opening: .bytesOfTensor, byteCount: byteCount)
    return Data(opening: .initializerOfGraph, byteCount: inner.count + byteCount) + inner
  }
}
