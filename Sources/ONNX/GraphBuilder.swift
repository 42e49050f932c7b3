// Nodes, constants and their names.

import Foundation
import SwiftProtobuf
import Tensors

/// The operators in use; raw values are ONNX's names.
enum Operator: String {
  case add = "Add"
  case cast = "Cast"
  case concatenate = "Concat"
  case divide = "Div"
  case errorFunction = "Erf"
  case gather = "Gather"
  case gemm = "Gemm"
  case layerNormalization = "LayerNormalization"
  case matrixProduct = "MatMul"
  case multiply = "Mul"
  case relu = "Relu"
  case reshape = "Reshape"
  case shape = "Shape"
  case slice = "Slice"
  case softmax = "Softmax"
  case subtract = "Sub"
  case tanh = "Tanh"
  case transpose = "Transpose"
  case unsqueeze = "Unsqueeze"
}

/// Something that a node reads or writes, by its name in the graph.
struct Value: Equatable, Sendable {
  let name: String
}

/// A graph in the making: nodes are in the order in which they were added.
struct GraphBuilder: Sendable {
  private(set) var graph = GraphProto()
  private(set) var initializers: [Initializer] = []
  /// The constants that are there, by name.
  private var constants: Set<String> = []

  init(name: String) { graph.name = name }

  /// A node whose one output, `name`, is also its own name.
  mutating func add(
    _ operation: Operator, _ inputs: [Value], _ attributes: [AttributeProto] = [], as name: String
  ) -> Value {
    graph.node.append(
      .with {
        $0.opType = operation.rawValue
        $0.name = name
        $0.input = inputs.map(\.name)
        $0.output = [name]
        $0.attribute = attributes
      })
    return Value(name: name)
  }

  /// A parameter, or some rows of it; `name` is new.
  mutating func parameter(_ name: String, _ tensor: Tensor, rows: Range<Int>? = nil) -> Value {
    initializers.append(Initializer(name, tensor, rows: rows))
    return Value(name: name)
  }

  /// A number; equal numbers are one constant.
  mutating func constant(_ number: Float) -> Value {
    constant("constant.\(number)", [number.bitPattern.littleEndian], .float, dimensions: [])
  }

  /// A list of integers, such as a shape; equal lists are one constant.
  mutating func constant(_ numbers: [Int]) -> Value {
    constant(
      "constant." + numbers.map(String.init).joined(separator: ","),
      numbers.map { Int64($0).littleEndian }, .int64, dimensions: [Int64(numbers.count)])
  }

  /// One integer, as an array without axes.
  mutating func constant(scalar number: Int) -> Value {
    constant("constant.scalar.\(number)", [Int64(number).littleEndian], .int64, dimensions: [])
  }

  private mutating func constant(
    _ name: String, _ elements: [some FixedWidthInteger], _ type: TensorProto.DataType,
    dimensions: [Int64]
  ) -> Value {
    guard constants.insert(name).inserted else { return Value(name: name) }
    graph.initializer.append(
      .with {
        $0.name = name
        $0.dims = dimensions
        $0.dataType = Int32(type.rawValue)
        $0.rawData = elements.withUnsafeBytes { Data($0) }
      })
    return Value(name: name)
  }

  /// An input or output; a size that is a name is free.
  private func description(
    _ name: String, _ type: TensorProto.DataType, _ sizes: [Size], _ text: String
  ) -> ValueInfoProto {
    let dimensions = sizes.map { size in
      TensorShapeProto.Dimension.with {
        switch size {
        case .free(let name): $0.dimParam = name
        case .fixed(let count): $0.dimValue = Int64(count)
        }
      }
    }
    return .with {
      $0.name = name
      $0.docString = text
      $0.type.tensorType.elemType = Int32(type.rawValue)
      $0.type.tensorType.shape.dim = dimensions
    }
  }

  enum Size {
    case free(String)
    case fixed(Int)
  }

  /// Integers that the caller gives.
  mutating func input(_ name: String, _ sizes: [Size], _ text: String) -> Value {
    graph.input.append(description(name, .int64, sizes, text))
    return Value(name: name)
  }

  /// Numbers that the caller gets: the value of that name.
  mutating func output(_ value: Value, _ sizes: [Size], _ text: String) {
    graph.output.append(description(value.name, .float, sizes, text))
  }
}

extension AttributeProto {
  static func number(_ name: String, _ value: Float) -> Self {
    .with {
      $0.name = name
      $0.type = .float
      $0.f = value
    }
  }

  static func integer(_ name: String, _ value: Int) -> Self {
    .with {
      $0.name = name
      $0.type = .int
      $0.i = Int64(value)
    }
  }

  static func integers(_ name: String, _ values: [Int]) -> Self {
    .with {
      $0.name = name
      $0.type = .ints
      $0.ints = values.map(Int64.init)
    }
  }
}
