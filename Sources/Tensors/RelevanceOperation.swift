// What layer-wise relevance propagation does differently from a backward pass.

extension Device {
  /// a · b, element by element: an activation and what its relevance is per unit of it.
  public func elementProducts(_ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(a.shape == b.shape, "cannot multiply \(a.shape) and \(b.shape)")
    return eachRow(a) { row, target in
      for i in row { target[i] = a.storage.pointer[i] * b.storage.pointer[i] }
    }
  }

  /// dY · y / x: an activation y = f(x) hands all its relevance on. Where x is 0 the ratio is
  /// `slope`, f's at 0.
  public func scaledByRatio(
    _ dY: Tensor, input x: Tensor, output y: Tensor, slope: Float
  ) -> Tensor {
    precondition(
      dY.shape == x.shape && y.shape == x.shape, "\(dY.shape), \(x.shape), \(y.shape)")
    return eachRow(dY) { row, target in
      for i in row {
        let input = x.storage.pointer[i]
        let ratio =
          abs(input) < .leastNormalMagnitude ? slope : y.storage.pointer[i] / input
        target[i] = dY.storage.pointer[i] * ratio
      }
    }
  }

  /// The gradient of a layer normalization's sum with its deviation taken for a constant:
  /// (g − mean(g)) / deviation, with g = dY · weight.
  public func layerNormRelevance(
    _ dY: Tensor, _ cache: LayerNormCache, weight: Tensor
  ) -> Tensor {
    precondition(
      dY.shape == cache.sum.shape && dY.width == weight.count, "\(dY.shape), \(weight.shape)")
    let width = dY.width
    return eachRow(dY) { row, target in
      guard let first = row.first else { return }
      let inverse = cache.statistics.storage.pointer[2 * (first / width) + 1]
      var mean: Float = 0
      for i in row {
        target[i] = dY.storage.pointer[i] * weight.storage.pointer[i - first]
        mean += target[i]
      }
      mean /= Float(width)
      for i in row { target[i] = (target[i] - mean) * inverse }
    }
  }

  /// A tensor of x's shape that `body` fills row by row, given the row's indices.
  private func eachRow(
    _ x: Tensor, _ body: @Sendable (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    let result = Tensor(uninitialized: x.shape)
    let (rows, width) = (x.rows, x.width)
    let piece = 64
    forEach((rows + piece - 1) / piece) { index in
      for row in index * piece..<min(rows, (index + 1) * piece) {
        body(row * width..<(row + 1) * width, result.storage.pointer)
      }
    }
    return result
  }
}
