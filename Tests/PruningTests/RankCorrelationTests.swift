import Pruning
import Testing

@Suite struct RankCorrelationTests {
  /// A few operations in double precision.
  private let rounding = 1e-12

  @Test func equalOrdersAreOneAndOppositeMinusOne() {
    let values: [Float] = [0.5, -3, 1e9, 0.6, 7]
    #expect(abs(rankCorrelation(values, values) - 1) < rounding)
    #expect(abs(rankCorrelation(values, values.map { $0 / 2 + 5 }) - 1) < rounding)
    #expect(abs(rankCorrelation(values, values.map { -$0 }) + 1) < rounding)
  }

  @Test func oneSwapOfFourIsFourFifths() {
    // 1 − 6 Σ d² / (n (n² − 1)) = 1 − 6 · 2 / 60.
    #expect(abs(rankCorrelation([1, 2, 3, 4], [1, 3, 2, 4]) - 0.8) < rounding)
  }

  @Test func equalsShareTheMeanOfTheirRanks() {
    // Ranks ½, ½, 2 against 0, 1, 2: 1.5 / √(1.5 · 2).
    #expect(abs(rankCorrelation([1, 1, 2], [1, 2, 3]) - 0.75.squareRoot()) < rounding)
    #expect(abs(rankCorrelation([1, 1, 2, 2], [5, 5, 9, 9]) - 1) < rounding)
    #expect(rankCorrelation([0, -0.0, 1], [0, 0, 1]) > 1 - rounding)
  }

  @Test func whatRanksNothingAgreesWithNothing() {
    #expect(rankCorrelation([1, 1, 1], [1, 2, 3]) == 0)
    #expect(rankCorrelation([], []) == 0 && rankCorrelation([4], [2]) == 0)
  }
}
