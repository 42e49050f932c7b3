// The mean squared error, naively.

extension Oracle {
  /// The mean over sequences of the mean of (x − y)² over a sequence's elements.
  public static func meanSquaredError(_ x: Matrix, _ y: Matrix, lengths: [Int]) -> Double {
    var (total, row) = (0.0, 0)
    for length in lengths {
      var sum = 0.0
      for token in row..<row + length {
        for column in 0..<x.columns {
          let difference = x[token, column] - y[token, column]
          sum += difference * difference
        }
      }
      let elements = length * x.columns
      total += elements == 0 ? 0 : sum / Double(elements)
      row += length
    }
    return lengths.isEmpty ? 0 : total / Double(lengths.count)
  }
}
