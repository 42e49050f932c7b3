import Foundation
import Reports
import Testing

@Suite struct IntervalTests {
  /// Half a unit of the last digit that is published.
  private let digits = 5e-5

  private func isClose(_ interval: Interval, _ low: Double, _ high: Double) -> Bool {
    abs(interval.low - low) <= digits && abs(interval.high - high) <= digits
  }

  /// Newcombe (1998, Statistics in Medicine 17, table I, method 3): the Wilson score intervals of
  /// 81/263, 15/148, 0/20 and 1/29.
  @Test func sharesHaveThePublishedWilsonInterval() {
    #expect(isClose(Interval(successes: 81, of: 263), 0.2553, 0.3662))
    #expect(isClose(Interval(successes: 15, of: 148), 0.0624, 0.1605))
    #expect(isClose(Interval(successes: 0, of: 20), 0, 0.1611))
    #expect(isClose(Interval(successes: 1, of: 29), 0.0061, 0.1718))
  }

  /// With z² = 3.8415: n of n is (n / (n + z²), 1).
  @Test func theEndsAreSound() {
    #expect(isClose(Interval(successes: 40, of: 40), 40 / 43.8415, 1))
    #expect(Interval(successes: 0, of: 0) == Interval(low: 0, high: 1))
    for successes in 0...7 {
      let interval = Interval(successes: successes, of: 7)
      let mirrored = Interval(successes: 7 - successes, of: 7)
      #expect(interval.low >= 0 && interval.high <= 1)
      #expect(interval.low...interval.high ~= Double(successes) / 7)
      #expect(abs(interval.low - (1 - mirrored.high)) < 1e-12)
    }
  }

  @Test func moreExamplesGiveANarrowerInterval() {
    let widths = [10, 100, 1000, 10_000].map { count in
      let interval = Interval(successes: count / 2, of: count)
      return interval.high - interval.low
    }
    #expect(widths == widths.sorted(by: >))
  }

  @Test func itIsSavedByName() throws {
    let data = try JSONEncoder().encode(Interval(low: 0.25, high: 0.5))
    let fields = try JSONDecoder().decode([String: Double].self, from: data)
    #expect(fields == ["low": 0.25, "high": 0.5])
    #expect(try JSONDecoder().decode(Interval.self, from: data) == Interval(low: 0.25, high: 0.5))
  }
}

@Suite struct MedianIntervalTests {
  @Test func smallNumbersGiveTheWholeRange() {
    #expect(Interval(medianOf: []) == Interval(low: 0, high: 0))
    #expect(Interval(medianOf: [3]) == Interval(low: 3, high: 3))
    #expect(Interval(medianOf: [5, 1, 3]) == Interval(low: 1, high: 5))
  }

  @Test func itIsMadeOfOrderAlone() {
    // Of 100 values those at 50 ± 9.8: places 40 and 60, counted from 0.
    let values = (0..<100).map { Double($0) }.shuffled()
    #expect(Interval(medianOf: values) == Interval(low: 40, high: 60))
    let stretched = values.map { exp($0 / 10) }
    #expect(Interval(medianOf: stretched) == Interval(low: exp(4), high: exp(6)))
  }

  /// The chance that of `count` values exactly `below` are below the median.
  private func binomial(_ count: Int, _ below: Int) -> Double {
    let ways: Double = lgamma(Double(count + 1)) - lgamma(Double(below + 1))
    let rest: Double = lgamma(Double(count - below + 1))
    return exp(ways - rest - Double(count) * log(2.0))
  }

  /// The chance that the interval holds the median is a sum of binomial terms: below 6 values even
  /// the whole range is not sure enough, above it the normal approximation costs at most 0.3 points.
  @Test func itHoldsTheMedianNineteenTimesOfTwenty() {
    for count in 6...400 {
      let interval = Interval(medianOf: (0..<count).map { Double($0) })
      let (low, high) = (Int(interval.low), Int(interval.high))
      let chance = (low + 1...high).reduce(0.0) { $0 + binomial(count, $1) }
      #expect(chance >= 0.947, "\(count) values: \(chance)")
    }
  }
}

@Suite struct QuantileTests {
  @Test func itIsTheNearestRank() {
    let values = (1...20).map { Double($0) }
    #expect(quantile(0.5, of: values) == 10)
    #expect(quantile(0.95, of: values) == 19)
    #expect(quantile(0, of: values) == 1)
    #expect(quantile(1, of: values) == 20)
    #expect(quantile(0.5, of: [7, 8, 9]) == 8)
    #expect(quantile(0.95, of: [7]) == 7)
    #expect(quantile(0.5, of: []) == 0)
  }
}

@Suite struct PairedTestTests {
  /// `first` right alone in `a` questions, `second` alone in `b`, both in 3, none in 2.
  private func test(_ a: Int, _ b: Int) -> PairedTest {
    let answers =
      Array(repeating: (true, false), count: a) + Array(repeating: (false, true), count: b)
      + Array(repeating: (true, true), count: 3) + Array(repeating: (false, false), count: 2)
    return PairedTest(answers.map(\.0), answers.map(\.1))
  }

  /// Twice the smaller tail of a binomial with one half, by hand.
  @Test func itIsMcNemarsExactTest() {
    let tolerance = 1e-12
    #expect(abs(test(0, 5).pValue - 2.0 / 32) < tolerance)
    #expect(abs(test(5, 0).pValue - 2.0 / 32) < tolerance)
    #expect(abs(test(1, 7).pValue - 2.0 * (1 + 8) / 256) < tolerance)
    #expect(abs(test(2, 8).pValue - 2.0 * (1 + 10 + 45) / 1024) < tolerance)
    #expect(abs(test(0, 20).pValue - 2.0 / 1_048_576) < tolerance)
    #expect(test(4, 4).pValue == 1)
    #expect(test(0, 0).pValue == 1)
    #expect(abs(test(3, 4).pValue - 1) < tolerance)
    #expect(test(2, 8).onlyFirst == 2 && test(2, 8).onlySecond == 8)
  }

  @Test func manyQuestionsDoNotOverflow() {
    let tie = test(3000, 3000).pValue
    #expect(tie == 1)
    // The normal approximation: z = (300 − 1) / √6300 = 3.767, p = 1.65e-4.
    let uneven = test(3000, 3300).pValue
    #expect(abs(uneven - 1.65e-4) < 0.02e-4)
  }
}
