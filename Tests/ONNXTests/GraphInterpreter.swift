// A slow interpreter of the operators that exported graphs consist of, in double precision.

import Foundation
import ONNX
import SwiftProtobuf

/// An array of numbers, row-major; integers are exact in it.
struct Array64: Equatable {
  var shape: [Int]
  var elements: [Double]

  init(_ elements: [Double], shape: [Int]) {
    precondition(elements.count == shape.reduce(1, *), "\(elements.count) for \(shape)")
    self.shape = shape
    self.elements = elements
  }

  init(_ tensor: TensorProto) {
    let bytes = tensor.rawData
    let elements: [Double] =
      switch TensorProto.DataType(rawValue: Int(tensor.dataType)) {
      case .float:
        bytes.withUnsafeBytes { raw in
          stride(from: 0, to: bytes.count, by: 4).map {
            let bits = raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self)
            return Double(Float(bitPattern: UInt32(littleEndian: bits)))
          }
        }
      default:
        bytes.withUnsafeBytes { raw in
          stride(from: 0, to: bytes.count, by: 8).map {
            Double(Int64(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: Int64.self)))
          }
        }
      }
    self.init(elements, shape: tensor.dims.map(Int.init))
  }

  var integers: [Int] { elements.map { Int($0) } }

  /// The same elements; −1 stands for the size that is left.
  func reshaped(_ shape: [Int]) -> Array64 {
    let known = shape.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
    return Array64(elements, shape: shape.map { $0 == -1 ? elements.count / known : $0 })
  }

  func map(_ body: (Double) -> Double) -> Array64 { Array64(elements.map(body), shape: shape) }
}

/// How many elements lie between neighbours along each axis.
private func strides(_ shape: [Int]) -> [Int] {
  shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
}

/// All places of an array in their order.
private func places(_ shape: [Int]) -> [[Int]] {
  shape.reduce([[]]) { places, size in places.flatMap { place in (0..<size).map { place + [$0] } } }
}

/// Shapes from the right: equal sizes, or 1 of which there is as much as wanted.
private func broadcast(
  _ a: Array64, _ b: Array64, _ body: (Double, Double) -> Double
) throws -> Array64 {
  let rank = max(a.shape.count, b.shape.count)
  let (left, right) = (pad(a.shape, rank), pad(b.shape, rank))
  let shape = try zip(left, right).map { x, y in
    guard x == y || x == 1 || y == 1 else { throw Misfit(what: "\(a.shape) and \(b.shape)") }
    return max(x, y)
  }
  let (leftStrides, rightStrides) = (strides(left), strides(right))
  let elements = places(shape).map { place in
    var (i, j) = (0, 0)
    for axis in place.indices {
      if left[axis] > 1 { i += place[axis] * leftStrides[axis] }
      if right[axis] > 1 { j += place[axis] * rightStrides[axis] }
    }
    return body(a.elements[i], b.elements[j])
  }
  return Array64(elements, shape: shape)
}

private func pad(_ shape: [Int], _ rank: Int) -> [Int] {
  Array(repeating: 1, count: rank - shape.count) + shape
}

private func transpose(_ x: Array64, _ order: [Int]) -> Array64 {
  let (shape, steps) = (order.map { x.shape[$0] }, strides(x.shape))
  let elements = places(shape).map { place in
    x.elements[zip(order, place).reduce(0) { $0 + steps[$1.0] * $1.1 }]
  }
  return Array64(elements, shape: shape)
}

/// Matrices in the last two axes; the axes before are equal.
private func product(_ a: Array64, _ b: Array64) throws -> Array64 {
  let (batch, rows, inner) = (a.shape.dropLast(2), a.shape[a.shape.count - 2], a.shape.last ?? 1)
  let columns = b.shape.last ?? 1
  guard batch == b.shape.dropLast(2), b.shape[b.shape.count - 2] == inner else {
    throw Misfit(what: "product of \(a.shape) and \(b.shape)")
  }
  var elements: [Double] = []
  for matrix in 0..<batch.reduce(1, *) {
    for row in 0..<rows {
      for column in 0..<columns {
        elements.append(
          (0..<inner).reduce(0) {
            let left = a.elements[(matrix * rows + row) * inner + $1]
            return $0 + left * b.elements[(matrix * inner + $1) * columns + column]
          })
      }
    }
  }
  return Array64(elements, shape: batch + [rows, columns])
}

/// `body` of each row along the last axis.
private func rowwise(_ x: Array64, _ body: (ArraySlice<Double>) -> [Double]) -> Array64 {
  let width = x.shape.last ?? 1
  let starts = stride(from: 0, to: x.elements.count, by: width)
  return Array64(starts.flatMap { body(x.elements[$0..<$0 + width]) }, shape: x.shape)
}

/// Slices of x along `axis` at `indices`, which take the axis' place.
private func gather(_ x: Array64, _ indices: Array64, axis: Int) throws -> Array64 {
  let inner = x.shape[(axis + 1)...].reduce(1, *)
  var elements: [Double] = []
  for outer in 0..<x.shape[..<axis].reduce(1, *) {
    for index in indices.integers {
      guard index >= 0 && index < x.shape[axis] else { throw Misfit(what: "index \(index)") }
      let start = (outer * x.shape[axis] + index) * inner
      elements += x.elements[start..<start + inner]
    }
  }
  return Array64(elements, shape: x.shape[..<axis] + indices.shape + x.shape[(axis + 1)...])
}

/// Shapes that do not fit, or an operator that is not known here.
struct Misfit: Error {
  let what: String
}

extension GraphProto {
  /// The outputs for inputs by name; values are computed in the order of the nodes.
  func run(_ inputs: [String: Array64]) throws -> [String: Array64] {
    var values = inputs
    for tensor in initializer { values[tensor.name] = Array64(tensor) }
    for node in self.node {
      let arguments = try node.input.map { name in
        guard let value = values[name] else { throw Misfit(what: "\(name) is not there yet") }
        return value
      }
      values[node.output[0]] = try node.run(arguments)
    }
    let names = output.map(\.name)
    return values.filter { names.contains($0.key) }
  }
}

extension NodeProto {
  private func integer(_ name: String) -> Int? {
    attribute.first { $0.name == name }.map { Int($0.i) }
  }

  fileprivate func run(_ x: [Array64]) throws -> Array64 {
    switch opType {
    case "Add": return try broadcast(x[0], x[1], +)
    case "Sub": return try broadcast(x[0], x[1], -)
    case "Mul": return try broadcast(x[0], x[1], *)
    case "Div": return try broadcast(x[0], x[1], /)
    case "Cast": return x[0]
    case "Erf": return x[0].map { erf($0) }
    case "Tanh": return x[0].map { tanh($0) }
    case "Relu": return x[0].map { max($0, 0) }
    case "Shape": return Array64(x[0].shape.map(Double.init), shape: [x[0].shape.count])
    case "Reshape": return x[0].reshaped(x[1].integers)
    case "MatMul": return try product(x[0], x[1])
    case "Gather": return try gather(x[0], x[1], axis: integer("axis") ?? 0)
    case "Concat":  // Of lists alone.
      let elements = x.flatMap(\.elements)
      return Array64(elements, shape: [elements.count])
    case "Gemm":
      guard integer("transB") == 1 else { throw Misfit(what: "Gemm without transB") }
      return try broadcast(product(x[0], transpose(x[1], [1, 0])), x[2], +)
    case "Slice":  // Along the first axis, which all slices are.
      guard x.count == 3 || x[3].integers == [0] else {
        throw Misfit(what: "Slice along \(x[3].integers)")
      }
      let rows = x[1].integers[0]..<min(x[2].integers[0], x[0].shape[0])
      let indices = Array64(rows.map(Double.init), shape: [rows.count])
      return try gather(x[0], indices, axis: 0)
    case "Transpose":
      guard let order = attribute.first(where: { $0.name == "perm" }) else {
        throw Misfit(what: "Transpose without perm")
      }
      return transpose(x[0], order.ints.map(Int.init))
    case "Unsqueeze":
      var shape = x[0].shape
      for axis in x[1].integers { shape.insert(1, at: axis) }
      return x[0].reshaped(shape)
    case "Softmax":
      return rowwise(x[0]) { row in
        let largest = row.max() ?? 0
        let powers = row.map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
      }
    case "LayerNormalization":
      let epsilon = Double(attribute.first { $0.name == "epsilon" }?.f ?? 1e-5)
      let normalized = rowwise(x[0]) { row in
        let mean = row.reduce(0, +) / Double(row.count)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
        return row.map { ($0 - mean) / (variance + epsilon).squareRoot() }
      }
      return try broadcast(broadcast(normalized, x[1], *), x[2], +)
    default: throw Misfit(what: "operator \(opType)")
    }
  }
}
