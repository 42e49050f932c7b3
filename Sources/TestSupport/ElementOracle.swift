// GELU, tanh and softmax, naively.

import Foundation

extension Oracle {
  /// x Φ(x), with Φ through erf.
  public static func gelu(_ x: Matrix) -> Matrix {
    x.mapElements { $0 / 2 * (1 + erf($0 / 2.0.squareRoot())) }
  }

  /// dY · (Φ(x) + x φ(x)).
  public static func geluGradient(_ dY: Matrix, input x: Matrix) -> Matrix {
    let slope = x.mapElements { x in
      let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
      return (1 + erf(x / 2.0.squareRoot())) / 2 + x * density
    }
    return product(dY, slope)
  }

  /// tanh(x).
  public static func tanh(_ x: Matrix) -> Matrix { x.mapElements { Foundation.tanh($0) } }

  /// dY · (1 − tanh²(x)).
  public static func tanhGradient(_ dY: Matrix, input x: Matrix) -> Matrix {
    product(dY, tanh(x).mapElements { 1 - $0 * $0 })
  }

  /// The softmax of each row.
  public static func softmax(_ x: Matrix) -> Matrix {
    var y = x
    for row in 0..<x.rows {
      let values = (0..<x.columns).map { x[row, $0] }
      for (column, value) in softmax(values).enumerated() { y[row, column] = value }
    }
    return y
  }

  /// The softmax of one row.
  public static func softmax(_ row: [Double]) -> [Double] {
    let most = row.max() ?? 0
    let powers = row.map { exp($0 - most) }
    let total = powers.reduce(0, +)
    return powers.map { $0 / total }
  }

  /// a · b, element by element.
  static func product(_ a: Matrix, _ b: Matrix) -> Matrix {
    Matrix(zip(a.elements, b.elements).map { $0 * $1 }, rows: a.rows, columns: a.columns)
  }
}

extension Matrix {
  /// Each element changed by itself.
  public func mapElements(_ transform: (Double) -> Double) -> Matrix {
    Matrix(elements.map(transform), rows: rows, columns: columns)
  }
}
