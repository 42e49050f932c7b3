// The shapes in which weights become zero.

public import Tensors

/// Which weights go together.
public enum SparsityPattern: Hashable, Sendable {
  /// Each by itself.
  case weights
  /// Blocks of so many outputs (rows of a matrix) and inputs (columns).
  case blocks(rows: Int, columns: Int)
  /// Of each so many inputs in a row of one output, some stay: 2 of 4 as some machines multiply
  /// (Mishra et al., 2021, arXiv:2104.08378).
  case nOfM(keep: Int, of: Int)

  private static let largest = 1 << 16

  /// Reads `weights`, blocks such as `4x1`, or N:M such as `2:4`.
  public init(_ text: String) throws(SparsityError) {
    func pair(_ separator: Character) -> (Int, Int)? {
      let parts = text.split(separator: separator, omittingEmptySubsequences: false).map { Int($0) }
      guard parts.count == 2, let first = parts[0], let second = parts[1] else { return nil }
      return (first, second)
    }
    let sizes = 1...Self.largest
    if text == "weights" {
      self = .weights
    } else if let (rows, columns) = pair("x"), sizes ~= rows, sizes ~= columns {
      self = rows * columns == 1 ? .weights : .blocks(rows: rows, columns: columns)
    } else if let (keep, of) = pair(":"), sizes ~= keep, keep < of, sizes ~= of {
      self = .nOfM(keep: keep, of: of)
    } else {
      throw .invalidPattern(found: text)
    }
  }

  /// What one bit of a mask stands for: a block, or a single weight.
  public var block: BlockShape {
    switch self {
    case .weights, .nOfM: BlockShape(1, 1)
    case .blocks(let rows, let columns): BlockShape(rows, columns)
    }
  }

  /// The share of zeros that N:M always has; `nil` for patterns that may have any.
  public var ratio: Double? {
    switch self {
    case .weights, .blocks: nil
    case .nOfM(let keep, let of): Double(of - keep) / Double(of)
    }
  }
}

extension SparsityPattern: CustomStringConvertible, Codable {
  /// The text that ``init(_:)`` reads.
  public var description: String {
    switch self {
    case .weights: "weights"
    case .blocks(let rows, let columns): "\(rows)x\(columns)"
    case .nOfM(let keep, let of): "\(keep):\(of)"
    }
  }

  public init(from decoder: any Decoder) throws {
    self = try SparsityPattern(try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
