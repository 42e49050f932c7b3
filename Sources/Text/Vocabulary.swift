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
  /// Separators between the texts of a pair: 1 in BERT, 2 in RoBERTa.
  public var separatorsBetweenTexts: Int
  /// The token type of a pair's second text: 1 in BERT, 0 in RoBERTa.
  public var secondTextType: Int32
  /// The longest sequence that the tokenizer's own settings allow.
  public var maximumLength: Int?
  /// What a sequence that is too long loses.
  public var truncation: Truncation

  /// A vocabulary of `size` pieces; the special ids are by default those that training gives.
  public init(
    size: Int, padding: Int32 = 0, unknown: Int32 = 1, classification: Int32 = 2,
    separator: Int32 = 3, mask: Int32 = 4, separatorsBetweenTexts: Int = 1,
    secondTextType: Int32 = 1, maximumLength: Int? = nil,
    truncation: Truncation = Truncation()
  ) {
    self.size = size
    self.padding = padding
    self.unknown = unknown
    self.classification = classification
    self.separator = separator
    self.mask = mask
    self.separatorsBetweenTexts = separatorsBetweenTexts
    self.secondTextType = secondTextType
    self.maximumLength = maximumLength
    self.truncation = truncation
  }
}
