// Matrices in double precision: what the oracles compute with.

public import Tensors

/// A row-major matrix of numbers in double precision.
public struct Matrix: Sendable, Equatable {
  /// The two sizes.
  public let rows, columns: Int
  /// The elements, row by row.
  public var elements: [Double]

  /// A matrix of given elements.
  public init(_ elements: [Double], rows: Int, columns: Int) {
    precondition(elements.count == rows * columns, "\(elements.count) for [\(rows), \(columns)]")
    (self.rows, self.columns, self.elements) = (rows, columns, elements)
  }

  /// A matrix of zeros.
  public init(zeros rows: Int, _ columns: Int) {
    self.init(Array(repeating: 0, count: rows * columns), rows: rows, columns: columns)
  }

  /// Normal random elements, each exactly a 32-bit float: fast code and oracle see the same input.
  public init(
    random rows: Int, _ columns: Int, deviation: Double = 1, from stream: inout RandomStream
  ) {
    let elements = (0..<rows * columns).map { _ in Double(Float(stream.normal() * deviation)) }
    self.init(elements, rows: rows, columns: columns)
  }

  /// The elements of a tensor; all sizes but the last count as rows.
  public init(_ tensor: Tensor) {
    self.init(
      tensor.elements.map(Double.init), rows: tensor.shape.dropLast().reduce(1, *),
      columns: tensor.shape.last ?? 1)
  }

  /// The element at a row and a column.
  public subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// The elements as 32-bit floats, [rows, columns].
  public var tensor: Tensor { Tensor(elements.map(Float.init), shape: [rows, columns]) }

  /// The same as a tensor of one size.
  public var vector: Tensor { Tensor(elements.map(Float.init), shape: [elements.count]) }

  /// Σ a · b: with b a gradient, the scalar whose derivatives the gradients of a are.
  public static func dot(_ a: Matrix, _ b: Matrix) -> Double {
    precondition(a.rows == b.rows && a.columns == b.columns)
    return zip(a.elements, b.elements).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
