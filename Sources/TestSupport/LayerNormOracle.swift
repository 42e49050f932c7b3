// Layer normalization with residual and dropout, naively.

extension Oracle {
  /// What a layer normalization is given. All matrices have the shape of x, but weight and bias are
  /// [1, width]; `factors` are what dropout multiplies x by.
  public struct LayerNorm {
    public var x: Matrix
    public var residual, factors: Matrix?
    public var weight, bias: Matrix
    public var epsilon: Double

    /// The arguments of one normalization.
    public init(
      x: Matrix, residual: Matrix?, factors: Matrix?, weight: Matrix, bias: Matrix, epsilon: Double
    ) {
      (self.x, self.residual, self.factors) = (x, residual, factors)
      (self.weight, self.bias, self.epsilon) = (weight, bias, epsilon)
    }

    /// normalized(residual + factors · x) · weight + bias.
    public var output: Matrix {
      var y = x
      for row in 0..<x.rows {
        let (normalized, _) = normalizedRow(row)
        for (column, value) in normalized.enumerated() {
          y[row, column] = value * weight.elements[column] + bias.elements[column]
        }
      }
      return y
    }

    /// With x̂ the normalized row and g = dY · weight: dSum = (g − mean(g) − x̂ mean(g x̂)) /
    /// deviation.
    public func gradients(
      _ dY: Matrix
    ) -> (dX: Matrix, dResidual: Matrix, dWeight: Matrix, dBias: Matrix) {
      var dSum = Matrix(zeros: x.rows, x.columns)
      var dWeight = Matrix(zeros: 1, x.columns)
      var dBias = dWeight
      let width = Double(x.columns)
      for row in 0..<x.rows {
        let (normalized, deviation) = normalizedRow(row)
        let g = (0..<x.columns).map { dY[row, $0] * weight.elements[$0] }
        let mean = g.reduce(0, +) / width
        let correlation = zip(g, normalized).reduce(0) { $0 + $1.0 * $1.1 } / width
        for column in 0..<x.columns {
          dSum[row, column] = (g[column] - mean - normalized[column] * correlation) / deviation
          dWeight[0, column] += dY[row, column] * normalized[column]
          dBias[0, column] += dY[row, column]
        }
      }
      let dX = factors.map { product(dSum, $0) } ?? dSum
      return (dX, dSum, dWeight, dBias)
    }

    private func normalizedRow(_ row: Int) -> (values: [Double], deviation: Double) {
      let sum = (0..<x.columns).map { column in
        x[row, column] * (factors?[row, column] ?? 1) + (residual?[row, column] ?? 0)
      }
      let mean = sum.reduce(0, +) / Double(sum.count)
      let variance = sum.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sum.count)
      let deviation = (variance + epsilon).squareRoot()
      return (sum.map { ($0 - mean) / deviation }, deviation)
    }
  }
}
