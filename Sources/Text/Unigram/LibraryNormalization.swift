// Normalization by the rules of a SentencePiece model, as the `tokenizers` library does it.

/// The normalizer `Precompiled` of the library (0.23), which is not quite SentencePiece's own.
///
/// It replaces clusters of less than six bytes whole, by the shortest rule that their beginning
/// has; other clusters one scalar after another. SentencePiece takes the longest rule at each byte.
struct LibraryNormalization: Sendable {
  private let rules: NormalizationRules?
  private let clusters = GraphemeClusters()

  /// A cluster of as many bytes is not looked up.
  private static let clusterByteCount = 6

  /// Without rules, text stays as it is.
  init(_ rules: NormalizationRules?) {
    self.rules = rules
  }

  /// The normalized text of bytes that are UTF-8.
  func normalized(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8] {
    guard let rules else { return Array(bytes[range]) }
    var result: [UInt8] = []
    result.reserveCapacity(range.count + range.count / 8)
    func append(_ part: Range<Int>) {
      if let text = rules.replacement(for: bytes, part) {
        result += text
      } else {
        result += bytes[part]
      }
    }
    var position = range.lowerBound
    while position < range.upperBound {
      let next = position + 1
      // Of two bytes of ASCII, only a line feed joins what is before it.
      let isAlone =
        bytes[position] < 0x80
        && (next == range.upperBound || (bytes[next] < 0x80 && bytes[next] != 0x0A))
      let end = isAlone ? next : clusters.end(from: position, in: bytes, to: range.upperBound)
      defer { position = end }
      if end - position < Self.clusterByteCount,
        let text = rules.replacement(for: bytes, position..<end)
      {
        result += text
        continue
      }
      var part = position
      while part < end {
        let scalarEnd = bytes.scalar(at: part).end
        append(part..<scalarEnd)
        part = scalarEnd
      }
    }
    return result
  }
}
