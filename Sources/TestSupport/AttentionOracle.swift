// Attention over packed sequences, naively.

extension Oracle {
  /// Which tokens see each other, with how many heads, and what dropout does to each probability.
  public struct Attention {
    public var lengths: [Int]
    public var headCount, headSize: Int
    public var firstTokenOnly: Bool
    /// A factor for each probability, in their order (sequence, head, query, key); `nil` for 1.
    public var factors: [Double]?

    /// An attention.
    public init(
      lengths: [Int], headCount: Int, headSize: Int, firstTokenOnly: Bool = false,
      factors: [Double]? = nil
    ) {
      (self.lengths, self.headCount, self.headSize) = (lengths, headCount, headSize)
      (self.firstTokenOnly, self.factors) = (firstTokenOnly, factors)
    }

    /// The context [queries, heads · size], and the probabilities before dropout.
    public func output(_ queryKeyValue: Matrix) -> (context: Matrix, probabilities: [Double]) {
      var context = Matrix(zeros: queryCount, width)
      var probabilities: [Double] = []
      forEachQuery { place in
        let weights = softmax(place.keys.map { score(queryKeyValue, place, $0) })
        for (index, key) in place.keys.enumerated() {
          let weight = weights[index] * (factors?[probabilities.count + index] ?? 1)
          for i in place.columns {
            context[place.row, i] += weight * queryKeyValue[key, 2 * width + i]
          }
        }
        probabilities += weights
      }
      return (context, probabilities)
    }

    /// The gradient of `queryKeyValue`: with P the probabilities, dP = factor · dC · v,
    /// dS = P (dP − Σ P dP), dq = Σ dS k / √size, dk = Σ dS q / √size, dv = Σ factor · P · dC.
    public func gradient(_ dContext: Matrix, queryKeyValue x: Matrix) -> Matrix {
      var dX = Matrix(zeros: x.rows, x.columns)
      let probabilities = output(x).probabilities
      let scale = 1 / Double(headSize).squareRoot()
      var start = 0
      forEachQuery { place in
        let p = probabilities[start..<start + place.keys.count]
        let factor = (0..<p.count).map { factors?[start + $0] ?? 1 }
        var dP = [Double](repeating: 0, count: p.count)
        for (index, key) in place.keys.enumerated() {
          for i in place.columns {
            let d = dContext[place.row, i] * factor[index]
            dP[index] += d * x[key, 2 * width + i]
            dX[key, 2 * width + i] += d * p[start + index]
          }
        }
        let mean = zip(p, dP).reduce(0) { $0 + $1.0 * $1.1 }
        for (index, key) in place.keys.enumerated() {
          let dScore = p[start + index] * (dP[index] - mean) * scale
          for i in place.columns {
            dX[place.query, i] += dScore * x[key, width + i]
            dX[key, width + i] += dScore * x[place.query, i]
          }
        }
        start += p.count
      }
      return dX
    }

    /// Rows of the context.
    public var queryCount: Int { firstTokenOnly ? lengths.count : lengths.reduce(0, +) }

    private var width: Int { headCount * headSize }

    private struct Place {
      let row, query: Int
      let keys, columns: Range<Int>
    }

    private func forEachQuery(_ body: (Place) -> Void) {
      var (first, row) = (0, 0)
      for length in lengths {
        let queries = firstTokenOnly ? min(length, 1) : length
        for head in 0..<headCount {
          for query in 0..<queries {
            body(
              Place(
                row: row + query, query: first + query, keys: first..<first + length,
                columns: head * headSize..<(head + 1) * headSize))
          }
        }
        first += length
        row += queries
      }
    }

    private func score(_ x: Matrix, _ place: Place, _ key: Int) -> Double {
      place.columns.reduce(0) { $0 + x[place.query, $1] * x[key, width + $1] }
        / Double(headSize).squareRoot()
    }
  }
}
