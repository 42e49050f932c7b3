// What it costs to set a weight to zero when others may make up for it.

import CKernels

extension LeastSquares {
  /// The upper triangle U [inputs, inputs] with H⁻¹ = Uᵀ · U, for H = xᵀ · x over centred rows,
  /// divided by their number, with `damping` · the mean square of all inputs added to its diagonal;
  /// `nil` where the sums are not finite. (Of the mean square, not of the variance: where inputs
  /// hardly vary, rounding is in proportion to the former.)
  ///
  /// U[j][j]² is entry j of the diagonal of H⁻¹ once the inputs before j are left out.
  public func inverseFactor(damping: Double, on device: Device) -> Tensor? {
    let inputs = inputSums.count
    let scale = 1 / Double(max(1, rowCount))
    let (products, sums) = (gram.elements, inputSums.elements)
    var matrix = products.map { Double($0) * scale }
    let trace = (0..<inputs).reduce(0) { $0 + matrix[$1 * inputs + $1] }
    for row in 0..<inputs {
      let mean = Double(sums[row]) * scale
      for column in 0..<inputs {
        matrix[row * inputs + column] -= mean * Double(sums[column]) * scale
      }
    }
    let lambda = max(damping * trace / Double(max(1, inputs)), 1e-9)
    for index in 0..<inputs { matrix[index * inputs + index] += lambda }
    var factor = Tensor(uninitialized: [inputs, inputs])
    let result = pare_inverse_factor(
      device.handle, matrix, Int32(inputs), factor.mutablePointer)
    precondition(result != 1, "out of memory for an inverse of \(inputs) inputs")
    return result == 0 && device.isFinite(factor) ? factor : nil
  }
}

extension Device {
  /// In each row of weights [outputs, inputs], sets `columns` to zero where `isKept` [outputs,
  /// columns] is 0; those right of each make up for it as far as they can, by the factor U of their
  /// inputs' inverse sums of squares (Hassibi & Stork, 1992, as Frantar & Alistarh, 2023,
  /// arXiv:2301.00774, section 3.3, order it).
  public func eliminate(
    _ columns: Range<Int>, keeping isKept: [UInt8], of weights: inout Tensor, factor: Tensor
  ) {
    let (rows, width) = (weights.rows, weights.width)
    precondition(
      factor.shape == [width, width] && isKept.count == rows * columns.count
        && columns.lowerBound >= 0 && columns.upperBound <= width,
      "\(weights.shape), \(factor.shape), columns \(columns), \(isKept.count) bits")
    pare_eliminate_columns(
      handle, factor.pointer, isKept, Int32(rows), Int32(width), Int32(columns.lowerBound),
      Int32(columns.upperBound), weights.mutablePointer)
  }
}
