// Labeled text.

/// A text, or a pair, with what is known of it.
public struct Example: Sendable, Equatable {
  /// The text, or the first of a pair.
  public var text: String
  /// The second text of a pair.
  public var secondText: String?
  /// The index of the label in ``Dataset/labelNames``.
  public var label: Int?
  /// What the other columns say, by their names: a domain, a slice, an identifier.
  public var fields: [String: String]

  /// An example from its parts.
  public init(
    text: String, secondText: String? = nil, label: Int? = nil, fields: [String: String] = [:]
  ) {
    self.text = text
    self.secondText = secondText
    self.label = label
    self.fields = fields
  }
}

/// Examples, and the names of their labels.
public struct Dataset: Sendable, Equatable {
  /// The examples, in the order of the file.
  public var examples: [Example]
  /// The names of the labels, by index; empty if no example has one and no names were given.
  public var labelNames: [String]

  /// A dataset from its parts.
  public init(examples: [Example], labelNames: [String]) {
    self.examples = examples
    self.labelNames = labelNames
  }
}
