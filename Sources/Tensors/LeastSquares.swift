// Sums of products over rows, and the systems of equations that follow from them.

import CKernels

/// What a least-squares fit of y [rows, outputs] by x [rows, inputs] needs to know of all rows:
/// sums that rows are added to, batch after batch.
public struct LeastSquares: Sendable {
  /// xᵀ · x, [inputs, inputs].
  public private(set) var gram: Tensor
  /// yᵀ · x, [outputs, inputs].
  public private(set) var cross: Tensor
  /// The column sums of x and of y.
  public private(set) var inputSums, outputSums: Tensor
  /// Rows so far.
  public private(set) var rowCount = 0

  /// A fit without rows.
  public init(inputs: Int, outputs: Int) {
    gram = Tensor(zeros: inputs, inputs)
    cross = Tensor(zeros: outputs, inputs)
    inputSums = Tensor(zeros: inputs)
    outputSums = Tensor(zeros: outputs)
  }

  /// Adds the rows of x and y.
  public mutating func add(_ x: Tensor, _ y: Tensor, on device: Device) {
    precondition(
      x.rows == y.rows && x.width == inputSums.count && y.width == outputSums.count,
      "x is \(x.shape), y \(y.shape), sums \(cross.shape)")
    func add(_ a: Tensor, _ b: Tensor, _ products: inout Tensor, _ sums: inout Tensor) {
      let done = pare_add_products(
        device.handle, a.pointer, Int32(a.rows), Int32(a.width), b.pointer, Int32(b.width),
        products.mutablePointer, sums.mutablePointer)
      precondition(done, "oneDNN refused a product of \(a.shape) and \(b.shape)")
    }
    add(x, x, &gram, &inputSums)
    add(y, x, &cross, &outputSums)
    rowCount += x.rows
  }

  /// The same fit by some of the inputs.
  public func keeping(inputs: [Int]) -> LeastSquares {
    var fit = self
    fit.gram = gram.rows(at: inputs).columns(at: inputs)
    fit.cross = cross.columns(at: inputs)
    fit.inputSums = inputSums.rows(at: inputs)
    return fit
  }

  /// The weight [outputs, inputs] and bias that map x to y with the least
  /// Σ ‖x · weightᵀ + bias − y‖² + λ ‖weight − `start`‖², with λ = `damping` · the mean over inputs
  /// of Σ x² over centred rows; `nil` where the sums are not finite.
  ///
  /// Rows are centred first: the bias takes what means differ by.
  public func solve(
    near start: Tensor, damping: Double, on device: Device
  ) -> (weight: Tensor, bias: Tensor)? {
    let (inputs, outputs) = (inputSums.count, outputSums.count)
    precondition(start.shape == [outputs, inputs], "\(start.shape), not [\(outputs), \(inputs)]")
    guard rowCount > 0 else { return nil }
    let (matrix, lambda) = covariance(damping: damping)
    let (_, cross, xMeans, yMeans) = centred
    let target = zip(cross, start.elements).map { Float($0 + lambda * Double($1)) }
    guard let weight = device.solve(matrix, Tensor(target, shape: [outputs, inputs])) else {
      return nil
    }
    let bias = (0..<outputs).map { row in
      Float(yMeans[row] - zip(weight.row(row), xMeans).reduce(0) { $0 + Double($1.0) * $1.1 })
    }
    return (weight, Tensor(bias, shape: [outputs]))
  }

  /// The inverse of xᵀ · x over centred rows, with λ on its diagonal, [inputs, inputs]; `nil` where
  /// the sums are not finite.
  public func inverse(damping: Double, on device: Device) -> Tensor? {
    let inputs = inputSums.count
    var identity = Tensor(zeros: inputs, inputs)
    for index in 0..<inputs { identity[index * inputs + index] = 1 }
    return device.solve(covariance(damping: damping).matrix, identity)
  }

  /// xᵀ · x and yᵀ · x over centred rows, and the means of x and y.
  public var centred: (gram: [Double], cross: [Double], inputMeans: [Double], outputMeans: [Double])
  {
    let (inputs, outputs) = (means(inputSums), means(outputSums))
    var cross = cross.elements.map(Double.init)
    for row in outputs.indices {
      for column in inputs.indices {
        cross[row * inputs.count + column] -= Double(rowCount) * outputs[row] * inputs[column]
      }
    }
    return (covariance(damping: nil).matrix, cross, inputs, outputs)
  }

  private func means(_ sums: Tensor) -> [Double] {
    sums.elements.map { Double($0) / Double(max(1, rowCount)) }
  }

  /// xᵀ · x over centred rows, with λ = `damping` · the mean of its diagonal added there.
  private func covariance(damping: Double?) -> (matrix: [Double], lambda: Double) {
    let inputs = inputSums.count
    let (means, products) = (means(inputSums), gram.elements)
    var matrix = products.map(Double.init)
    for row in 0..<inputs {
      for column in 0..<inputs {
        matrix[row * inputs + column] -= Double(rowCount) * means[row] * means[column]
      }
    }
    guard let damping else { return (matrix, 0) }
    let trace = (0..<inputs).reduce(0) { $0 + matrix[$1 * inputs + $1] }
    let lambda = max(damping * trace / Double(max(1, inputs)), 1e-9)
    for index in 0..<inputs { matrix[index * inputs + index] += lambda }
    return (matrix, lambda)
  }
}

extension Device {
  /// x with x · matrix = b [rows, size], for a symmetric positive definite matrix [size, size] in
  /// row-major order; `nil` for a matrix that is not, or not finite.
  public func solve(_ matrix: [Double], _ b: consuming Tensor) -> Tensor? {
    var x = b
    let (rows, size) = (x.rows, x.width)
    precondition(matrix.count == size * size, "\(matrix.count) elements for \(size) equations")
    let target = x.mutablePointer
    let result = pare_solve(handle, matrix, Int32(size), target, Int32(rows), target)
    precondition(result != 1, "out of memory in a system of \(size) equations")
    return result == 0 && isFinite(x) ? x : nil
  }
}
