import Tensors
import TestSupport
import Testing

@Suite struct RandomStreamTests {
  private static let count = 200_000

  @Test func sameKeyGivesTheSameNumbers() {
    var (a, b) = (RandomStream(1, 2, 3), RandomStream(1, 2, 3))
    #expect((0..<100).map { _ in a.next() } == (0..<100).map { _ in b.next() })
    let copy = b
    var (c, d) = (b, copy)
    #expect(c.next() == d.next())
  }

  @Test func everyWordOfTheKeyCounts() {
    let keys: [RandomStream] = [
      RandomStream(), RandomStream(0), RandomStream(1), RandomStream(0, 0), RandomStream(0, 1),
      RandomStream(1, 0), RandomStream(1, 0, 0), RandomStream(0, 1, 0), RandomStream(.max),
    ]
    let starts = keys.map { stream in
      var stream = stream
      return stream.next()
    }
    #expect(Set(starts).count == keys.count)
  }

  @Test func numbersAreTheSameOnEveryMachine() {
    var stream = RandomStream(42)
    #expect([stream.next(), stream.next()] == Self.firstOf42)
  }

  /// As the generator gave them when the test was written: saved runs are resumed with them.
  private static let firstOf42: [UInt64] = [2_958_219_263_312_191_191, 3_069_497_704_473_277_141]

  @Test func uniformNumbersFillTheirRangeEvenly() {
    var stream = RandomStream(7)
    var bins = [Int](repeating: 0, count: 16)
    for _ in 0..<Self.count {
      let value = stream.uniform()
      #expect(value >= 0 && value < 1)
      bins[Int(value * 16)] += 1
    }
    let expected = Double(Self.count) / 16
    let square = bins.map { Double($0) - expected }.reduce(0) { $0 + $1 * $1 / expected }
    // χ² with 15 degrees of freedom stays below 60 but for two in ten million.
    #expect(square < 60)
  }

  @Test func normalNumbersHaveTheMomentsOfTheBell() {
    var stream = RandomStream(8)
    var moments = [0.0, 0, 0, 0]
    for _ in 0..<Self.count {
      let value = stream.normal()
      var power = 1.0
      for i in 0..<4 {
        power *= value
        moments[i] += power / Double(Self.count)
      }
    }
    // The k-th mean has a deviation of √((2k − 1)!! …/n): at most √(96/n) ≈ 0.022; six of each.
    let deviations = [1, 2, 15, 96].map { ($0 / Double(Self.count)).squareRoot() }
    for (index, expected) in [0.0, 1, 0, 3].enumerated() {
      #expect(abs(moments[index] - expected) < 6 * deviations[index], "moment \(index + 1)")
    }
  }

  @Test(arguments: [0, 1, 2, 100])
  func permutationsHoldEachIndexOnce(count: Int) {
    var stream = RandomStream(9)
    let order = stream.permutation(count)
    #expect(order.sorted() == Array(0..<count))
    if count == 100 { #expect(order != Array(0..<count) && order != stream.permutation(count)) }
  }

  @Test func everyPermutationIsAsLikely() {
    var stream = RandomStream(10)
    var counts: [[Int]: Int] = [:]
    for _ in 0..<12_000 { counts[stream.permutation(3), default: 0] += 1 }
    #expect(counts.count == 6)
    // 2,000 of each, give or take six deviations of 41.
    #expect(counts.values.allSatisfy { abs($0 - 2000) < 246 })
  }

  @Test func normalTensorsAreTruncatedAtTwoDeviations() {
    var stream = RandomStream(11)
    let tensor = Tensor(normal: 0.02, shape: [100, 1000], from: &stream)
    #expect(tensor.shape == [100, 1000])
    let values = tensor.elements.map(Double.init)
    #expect(values.allSatisfy { abs($0) <= 0.04 + 1e-9 })
    let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
    // Cut at two deviations, the bell keeps 0.7737 of its variance.
    #expect(abs(square / 0.0004 - 0.7737) < 0.01)
  }
}
