// How alike two criteria rank.

/// Spearman's rank correlation, from −1 to 1; units with equal values share the mean of their
/// ranks. 0 where one side ranks nothing.
public func rankCorrelation(_ a: [Float], _ b: [Float]) -> Double {
  precondition(a.count == b.count, "\(a.count) values against \(b.count)")
  let (a, b) = (ranks(a), ranks(b))
  let mean = Double(a.count - 1) / 2
  var (both, first, second) = (0.0, 0.0, 0.0)
  for (x, y) in zip(a, b) {
    both += (x - mean) * (y - mean)
    first += (x - mean) * (x - mean)
    second += (y - mean) * (y - mean)
  }
  return first > 0 && second > 0 ? both / (first * second).squareRoot() : 0
}

private func ranks(_ values: [Float]) -> [Double] {
  let order = values.indices.sorted { values[$0] < values[$1] }
  var ranks = Array(repeating: 0.0, count: values.count)
  var start = 0
  while start < order.count {
    var end = start
    while end < order.count && values[order[end]] == values[order[start]] { end += 1 }
    for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
    start = end
  }
  return ranks
}
