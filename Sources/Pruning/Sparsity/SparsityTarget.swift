// How many weights go, in which pattern, and which of them compete.

/// Which weights compete with each other.
public enum SparsityScope: String, Codable, CaseIterable, Sendable {
  /// All of the model's.
  case global
  /// Those of each matrix: every matrix loses the same share.
  case matrix
  /// Those of each output, or row of blocks: every output keeps as many inputs (as Sun et al.,
  /// 2023, arXiv:2306.11695, found best for language models).
  case output
}

/// How the scores of a block's weights become the block's.
public enum BlockScore: String, Codable, CaseIterable, Sendable {
  /// Their sum: what is lost in all.
  case sum
  /// The root of their mean square: one great weight may save its block.
  case rootMeanSquare = "root-mean-square"
}

/// What a sparse model is to be like.
public struct SparsityTarget: Codable, Equatable, Sendable {
  /// The share of weights that go, 0 to 1; of blocks where these go together, those cut off by an
  /// edge counted like all others. N:M gives it by itself.
  public var ratio: Double
  /// Which weights go together.
  public var pattern: SparsityPattern
  /// Which of them compete; nothing to choose for N:M.
  public var scope: SparsityScope
  /// How blocks are scored.
  public var blockScore = BlockScore.sum
  /// Whether the pooler's matrix takes part beside the layers' four.
  public var includesPooler = false

  /// A target.
  public init(
    ratio: Double, pattern: SparsityPattern = .weights, scope: SparsityScope = .global
  ) {
    (self.ratio, self.pattern, self.scope) = (pattern.ratio ?? ratio, pattern, scope)
  }

  /// Throws for a number that cannot be meant.
  public func validate() throws(SparsityError) {
    guard (0...1).contains(ratio) else {
      throw .invalidOption(name: "weights", expected: "a ratio from 0.0 to 1.0", found: "\(ratio)")
    }
    if let fixed = pattern.ratio, abs(fixed - ratio) > 1e-3 {
      throw .invalidOption(
        name: "weights", expected: "\(fixed), which is what the pattern \(pattern) takes",
        found: "\(ratio)")
    }
  }

  /// How many of `count` weights or blocks are gone at a share of the way.
  func removals(of count: Int, _ progress: Double) -> Int {
    min(count, Int((Double(count) * ratio * progress).rounded()))
  }
}
