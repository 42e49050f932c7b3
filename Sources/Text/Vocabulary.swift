// The size of a vocabulary and its special pieces.

/// The number of pieces that a tokenizer knows, and the ids of the special ones.
public struct Vocabulary: Codable, Hashable, Sendable {
  /// The number of ids: they are `0 ..< size`.
  public var size: Int
  /// Fills the end of short sequences, where other programs want them of equal length.
  public var padding: Int32
  /// Stands for text that no piece covers.
  public var unknown: Int32
  /// Opens every sequence; a classifier reads its hidden state.
  public var classification: Int32
  /// Ends each text of a sequence.
  public var separator: Int32
  /// Stands for a hidden token in masked language modelling.
  public var mask: Int32

  /// A vocabulary of `size` pieces; the special ids are by default those that training gives.
  public init(
    size: Int, padding: Int32 = 0, unknown: Int32 = 1, classification: Int32 = 2,
    separator: Int32 = 3, mask: Int32 = 4
  ) {
    self.size = size
    self.padding = padding
    self.unknown = unknown
    self.classification = classification
    self.separator = separator
    self.mask = mask
  }
}
