// Least squares, naively.

extension Oracle {
  /// The weight [outputs, inputs] and the bias with the least Σ ‖x · weightᵀ + bias − y‖² + λ
  /// ‖weight − start‖²: with centred columns, weight · (xᵀx + λ) = yᵀx + λ · start.
  public static func leastSquares(
    _ x: Matrix, _ y: Matrix, near start: Matrix, lambda: Double
  ) -> (weight: Matrix, bias: [Double]) {
    let (x, xMeans) = centred(x)
    let (y, yMeans) = centred(y)
    var system = Matrix(zeros: x.columns, x.columns)
    for i in 0..<x.columns {
      for j in 0..<x.columns {
        system[i, j] = (0..<x.rows).reduce(i == j ? lambda : 0) { $0 + x[$1, i] * x[$1, j] }
      }
    }
    var weight = start
    for output in 0..<y.columns {
      let right = (0..<x.columns).map { input in
        (0..<x.rows).reduce(lambda * start[output, input]) { $0 + y[$1, output] * x[$1, input] }
      }
      for (input, value) in solution(of: system, right).enumerated() {
        weight[output, input] = value
      }
    }
    let bias = (0..<y.columns).map { output in
      (0..<x.columns).reduce(yMeans[output]) { $0 - weight[output, $1] * xMeans[$1] }
    }
    return (weight, bias)
  }

  private static func centred(_ x: Matrix) -> (Matrix, means: [Double]) {
    var result = x
    var means: [Double] = []
    for column in 0..<x.columns {
      let mean = (0..<x.rows).reduce(0) { $0 + x[$1, column] } / Double(x.rows)
      for row in 0..<x.rows { result[row, column] -= mean }
      means.append(mean)
    }
    return (result, means)
  }

  /// Gauss's elimination, the largest pivot first.
  private static func solution(of system: Matrix, _ right: [Double]) -> [Double] {
    var (a, b) = (system, right)
    for column in 0..<a.columns {
      let pivot = (column..<a.rows).max { abs(a[$0, column]) < abs(a[$1, column]) } ?? column
      b.swapAt(column, pivot)
      for j in 0..<a.columns {
        (a[column, j], a[pivot, j]) = (a[pivot, j], a[column, j])
      }
      for row in column + 1..<max(column + 1, a.rows) {
        let factor = a[row, column] / a[column, column]
        for j in column..<a.columns { a[row, j] -= factor * a[column, j] }
        b[row] -= factor * b[column]
      }
    }
    for row in (0..<a.rows).reversed() {
      for j in row + 1..<max(row + 1, a.columns) { b[row] -= a[row, j] * b[j] }
      b[row] /= a[row, row]
    }
    return b
  }
}
