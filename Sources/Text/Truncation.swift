// What a sequence that is too long loses.

/// The settings of the `tokenizers` library (tested: 0.23) for sequences that are too long.
///
///     let truncation = Truncation(side: .left)  // keeps the end of a text
public struct Truncation: Codable, Hashable, Sendable {
  /// Where tokens are left out.
  public enum Side: String, Codable, CaseIterable, Sendable {
    /// The first tokens of a text.
    case left
    /// The last tokens of a text.
    case right
  }

  /// Which text of a pair loses tokens.
  public enum Strategy: String, Codable, CaseIterable, Sendable {
    /// The longer one, until both are equally long, and then both.
    case longestFirst = "longest_first"
    /// The first, which must keep a token.
    case onlyFirst = "only_first"
    /// The second, which must keep a token.
    case onlySecond = "only_second"
  }

  /// Where tokens are left out.
  public var side: Side
  /// Which text of a pair loses tokens.
  public var strategy: Strategy

  /// Settings; without arguments those of the library.
  public init(side: Side = .right, strategy: Strategy = .longestFirst) {
    self.side = side
    self.strategy = strategy
  }
}

extension Truncation {
  /// How many tokens of a text, or of each of a pair, stay in a sequence with room for `budget`.
  ///
  /// As the library does: an odd token is left to the longer text, to the second if neither is. A
  /// text without room for any token is empty, whatever the strategy.
  func counts(
    _ first: Int, _ second: Int?, budget: Int, maximumLength: Int
  ) throws(TextError) -> (first: Int, second: Int) {
    let secondCount = second ?? 0
    if first + secondCount <= budget { return (first, secondCount) }
    if budget == 0 { return (0, 0) }
    switch strategy {
    case .longestFirst:
      let half = first > secondCount ? (budget + 1) / 2 : budget / 2
      let kept = min(first, max(budget - secondCount, half))
      return (kept, min(secondCount, budget - kept))
    case .onlyFirst where secondCount < budget:
      return (budget - secondCount, secondCount)
    case .onlySecond where second != nil && first < budget:
      return (first, budget - first)
    case .onlyFirst, .onlySecond:
      throw .untruncatable(
        strategy: strategy, isPair: second != nil, maximumLength: maximumLength)
    }
  }

  /// The tokens that stay.
  func kept(_ ids: [Int32], count: Int) -> ArraySlice<Int32> {
    side == .left ? ids.suffix(count) : ids.prefix(count)
  }
}
