// How a packed weight is kept, and how that is chosen from its zeros.

import CKernels

/// How a weight matrix is kept for inference.
public enum WeightLayout: String, Codable, CaseIterable, Sendable {
  /// All of it, as oneDNN likes it.
  case dense
  /// The nonzero weights of each output.
  case sparseRows
  /// Four outputs share the inputs that any of them takes: for weights that were cut in blocks of
  /// 4×1 or a multiple of that.
  case sparseGroups

  /// The layout whose products are fastest for `weight` [outputs, inputs].
  ///
  /// It follows from the share of weights that are not zero and the share of 4×1 blocks that are
  /// not zero alone: the same weight always gets the same layout, and so gives the same bits.
  ///
  /// The bounds are where sparse products begin to win with as few rows as one short sentence has.
  /// As `pare bench --sparse --shape hidden=384,ffn=1536 --threads 1` measured on an AMD EPYC (Zen
  /// 4) with AVX-512, against oneDNN 2.6.3: groups of 55 % of all blocks are 1.4 to 1.5 times as
  /// fast as dense with 10 rows, and 1.7 to 1.8 times with 64; rows of 30 % of all weights 1.0 to
  /// 1.3 times, and 2.0 to 2.4 times. A single row takes longer than dense from about 15 % of all
  /// weights on. Groups beat rows while they store no more than 1.5 times the weights, zeros among
  /// them: each loads x for four outputs at once.
  public init(for weight: Tensor) {
    let zeros = Sparsity(of: weight)
    let isNarrow = weight.shape[1] <= Int(PARE_MOST_GROUP_INPUTS)
    if isNarrow && zeros.groupShare <= 0.6 && zeros.groupShare <= 1.5 * zeros.share {
      self = .sparseGroups
    } else if zeros.share <= 0.35 {
      self = .sparseRows
    } else {
      self = .dense
    }
  }
}

/// What is left of a weight matrix besides zeros.
public struct Sparsity: Equatable, Sendable {
  /// Elements that are not zero, and all elements.
  public let nonzeros, count: Int
  /// Columns of 4 rows that are not all zero, and all such columns; the last ones may have fewer
  /// rows.
  let groups, groupCount: Int

  /// Counts what is not zero in `matrix`, at the cost of reading it once.
  public init(of matrix: Tensor) {
    precondition(matrix.shape.count == 2, "expected a matrix, found the shape \(matrix.shape)")
    let (rows, columns) = (matrix.shape[0], matrix.shape[1])
    var (nonzeros, groups) = (0, 0)
    let done = pare_count_nonzeros(
      matrix.pointer, Int32(rows), Int32(columns), &nonzeros, &groups)
    precondition(done, "out of memory for a row of \(columns) zeros")
    (self.nonzeros, count) = (nonzeros, matrix.count)
    (self.groups, groupCount) = (groups, (rows + 3) / 4 * columns)
  }

  /// The share of elements that are not zero; 1 of none.
  public var share: Double { count == 0 ? 1 : Double(nonzeros) / Double(count) }

  /// The share of 4×1 blocks that are not zero; 1 of none.
  var groupShare: Double { groupCount == 0 ? 1 : Double(groups) / Double(groupCount) }
}

/// The instructions that sparse products use. Last bits may differ between levels, hence between
/// machines; on one machine they do not.
public enum InstructionLevel: String, CaseIterable, Comparable, Sendable {
  /// What every machine of the architecture has.
  case base
  /// x86-64-v3: AVX2 and fused multiply-add.
  case v3
  /// x86-64-v4: AVX-512.
  case v4

  /// The highest level of this machine.
  public static var highest: InstructionLevel { available.last ?? .base }

  /// All levels of this machine, the highest last.
  public static var available: [InstructionLevel] {
    let highest = pare_best_level()
    return allCases.filter { $0.level.rawValue <= highest.rawValue }
  }

  public static func < (a: InstructionLevel, b: InstructionLevel) -> Bool {
    a.level.rawValue < b.level.rawValue
  }

  var level: pare_level {
    switch self {
    case .base: PARE_LEVEL_BASE
    case .v3: PARE_LEVEL_V3
    case .v4: PARE_LEVEL_V4
    }
  }
}
