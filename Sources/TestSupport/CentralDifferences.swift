// Gradients without calculus.

/// The gradient of `function` at `point` by central differences, element by element.
public func centralDifferences(
  at point: [Double], step: Double = 1e-5, _ function: ([Double]) -> Double
) -> [Double] {
  var moved = point
  return point.indices.map { index in
    moved[index] = point[index] + step
    let above = function(moved)
    moved[index] = point[index] - step
    let below = function(moved)
    moved[index] = point[index]
    return (above - below) / (2 * step)
  }
}

/// The gradient of a function of a matrix.
public func centralDifferences(at point: Matrix, _ function: (Matrix) -> Double) -> Matrix {
  let gradient = centralDifferences(at: point.elements) {
    function(Matrix($0, rows: point.rows, columns: point.columns))
  }
  return Matrix(gradient, rows: point.rows, columns: point.columns)
}
