// Which columns of a file are its texts and its label.

/// The names of the columns to read; those not given are found by the usual names.
public struct ColumnSelection: Codable, Equatable, Sendable {
  /// The column of the text, or of the first of a pair; by default `text`, `sentence`, `review`,
  /// `text_a`, `text1` or `sentence1`, whichever is first in this order.
  public var text: String?
  /// The column of the second text; by default `text_b`, `text2` or `sentence2`, if there is one.
  public var secondText: String?
  /// The column of the label; by default `label`, `sentiment` or `class`.
  public var label: String?
  /// Whether every row must have a known label. If not, as to predict, the label may be absent, and
  /// one that is not among the label names given counts as absent.
  public var requiresLabel: Bool

  /// A selection; a name that is given must be in the file.
  public init(
    text: String? = nil, secondText: String? = nil, label: String? = nil,
    requiresLabel: Bool = true
  ) {
    self.text = text
    self.secondText = secondText
    self.label = label
    self.requiresLabel = requiresLabel
  }

  private static let usualTexts = ["text", "sentence", "review", "text_a", "text1", "sentence1"]
  private static let usualSecondTexts = ["text_b", "text2", "sentence2"]
  private static let usualLabels = ["label", "sentiment", "class"]

  struct Indices {
    var text: Int
    var secondText: Int?
    var label: Int?
    var others: [Int]
  }

  /// Where the columns are among those of a file.
  func indices(in columns: [String], path: String) throws(TextError) -> Indices {
    for (index, column) in columns.enumerated() where columns[..<index].contains(column) {
      throw .repeatedColumn(path: path, column: column)
    }
    let named = [text, secondText, label].compactMap { $0 }

    func index(_ name: String?, usual: [String]) -> Int? {
      if let name { return columns.firstIndex(of: name) }
      // A column that is named for one thing is not taken for another.
      let free = columns.indices.filter { !named.contains(columns[$0]) }
      return usual.lazy
        .compactMap { name in free.first { columns[$0].lowercased() == name } }
        .first
    }
    func missing(_ role: TextError.ColumnRole, _ name: String?, usual: [String]) -> TextError {
      .missingColumn(
        path: path, role: role, accepted: name.map { [$0] } ?? usual, columns: columns)
    }

    guard let textIndex = index(text, usual: Self.usualTexts) else {
      throw missing(.text, text, usual: Self.usualTexts)
    }
    let secondIndex = index(secondText, usual: Self.usualSecondTexts)
    if secondText != nil, secondIndex == nil { throw missing(.secondText, secondText, usual: []) }
    let labelIndex = index(label, usual: Self.usualLabels)
    if labelIndex == nil, requiresLabel || label != nil {
      throw missing(.label, label, usual: Self.usualLabels)
    }
    let used = [textIndex, secondIndex, labelIndex]
    return Indices(
      text: textIndex, secondText: secondIndex, label: labelIndex,
      others: columns.indices.filter { !used.contains($0) })
  }
}
