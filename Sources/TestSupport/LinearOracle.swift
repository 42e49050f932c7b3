// y = x · weightᵀ + bias, naively.

extension Oracle {
  /// y [rows, outputs] = x [rows, inputs] · weightᵀ + bias [1, outputs].
  public static func linear(_ x: Matrix, weight: Matrix, bias: Matrix) -> Matrix {
    var y = Matrix(zeros: x.rows, weight.rows)
    for row in 0..<x.rows {
      for output in 0..<weight.rows {
        var sum = bias.elements[output]
        for input in 0..<x.columns { sum += x[row, input] * weight[output, input] }
        y[row, output] = sum
      }
    }
    return y
  }

  /// dX = dY · weight, dWeight = dYᵀ · x, dBias = Σ dY.
  public static func linearGradients(
    _ dY: Matrix, input x: Matrix, weight: Matrix
  ) -> (dX: Matrix, dWeight: Matrix, dBias: Matrix) {
    var dX = Matrix(zeros: x.rows, x.columns)
    var dWeight = Matrix(zeros: weight.rows, x.columns)
    var dBias = Matrix(zeros: 1, weight.rows)
    for row in 0..<x.rows {
      for output in 0..<weight.rows {
        let d = dY[row, output]
        dBias[0, output] += d
        for input in 0..<x.columns {
          dX[row, input] += d * weight[output, input]
          dWeight[output, input] += d * x[row, input]
        }
      }
    }
    return (dX, dWeight, dBias)
  }
}
