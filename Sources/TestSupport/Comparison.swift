// How far apart results are.

public import Tensors

/// The largest difference, divided by the largest magnitude of `expected`; infinite where the
/// counts differ or anything is NaN, 0 for no elements at all.
public func relativeDifference(_ found: [Double], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  var (difference, magnitude) = (0.0, 0.0)
  for (a, b) in zip(found, expected) {
    guard !(a - b).isNaN else { return .infinity }
    difference = max(difference, abs(a - b))
    magnitude = max(magnitude, abs(b))
  }
  return difference == 0 ? 0 : difference / max(magnitude, 1e-30)
}

/// The same of a tensor and what an oracle says.
public func relativeDifference(_ found: Tensor, _ expected: Matrix) -> Double {
  relativeDifference(found.elements.map(Double.init), expected.elements)
}

/// The same of two tensors; infinite where shapes differ.
public func relativeDifference(_ found: Tensor, _ expected: Tensor) -> Double {
  guard found.shape == expected.shape else { return .infinity }
  return relativeDifference(found.elements.map(Double.init), expected.elements.map(Double.init))
}

/// The largest difference of two lists of rows.
public func largestDifference(_ found: [[Float]], _ expected: [[Float]]) -> Float {
  guard found.map(\.count) == expected.map(\.count) else { return .infinity }
  return zip(found.joined(), expected.joined()).reduce(0) { most, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(most, difference)
  }
}
