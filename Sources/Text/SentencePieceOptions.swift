// How a SentencePiece model is trained.

/// The choices of SentencePiece training; defaults are the library's own where nothing else is
/// said.
public struct SentencePieceOptions: Codable, Equatable, Sendable {
  /// How the vocabulary is learned.
  public enum Algorithm: String, Codable, CaseIterable, Sendable {
    /// A unigram language model, pruned to size (Kudo 2018, arXiv:1804.10959).
    case unigram
    /// Byte-pair encoding: frequent pairs are merged (Sennrich et al. 2016, arXiv:1508.07909).
    case bytePair = "bpe"
  }

  /// The number of pieces, with the five special ones and, with byte fallback, 256 bytes.
  public var vocabularySize = 8_000
  /// How the vocabulary is learned.
  public var algorithm = Algorithm.unigram
  /// The share of all characters that get a piece of their own, in 0.98 ... 1. The library advises
  /// 0.9995 for rich character sets, and 1 for small ones.
  public var characterCoverage = 0.9995
  /// Whether characters without a piece become their UTF-8 bytes, so that no text is unknown. Not
  /// the library's default; it costs 256 ids.
  public var byteFallback = true
  /// Whether case is folded (normalization `nmt_nfkc_cf`) or kept (`nmt_nfkc`).
  public var lowercase = false
  /// The greatest number of characters of a piece, in 1 ... 512.
  public var maximumPieceLength = 16

  /// The default choices.
  public init() {}

  /// Choices that differ from the default in size and, if wanted, in algorithm.
  public init(vocabularySize: Int, algorithm: Algorithm = .unigram) {
    self.vocabularySize = vocabularySize
    self.algorithm = algorithm
  }

  func validate() throws(TextError) {
    try check("vocabularySize", vocabularySize, in: 6...1_000_000)
    try check("characterCoverage", characterCoverage, in: 0.98...1)
    try check("maximumPieceLength", maximumPieceLength, in: 1...512)
  }

  private func check<Value: Comparable>(
    _ name: String, _ value: Value, in range: ClosedRange<Value>
  ) throws(TextError) {
    guard range.contains(value) else {
      throw .invalidOption(
        name: name, value: "\(value)", expected: "\(range.lowerBound) ... \(range.upperBound)")
    }
  }
}
