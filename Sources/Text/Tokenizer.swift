// What turns text into ids and back.

public import Foundation

/// Splits text into the pieces of a vocabulary, and joins them again.
///
/// Equal text gives equal ids, from any thread.
public protocol Tokenizer: Sendable {
  /// The number of pieces, and the ids of the special ones.
  var vocabulary: Vocabulary { get }

  /// The ids of the pieces of a text alone, without special ones; none for an empty text.
  func encode(_ text: String) throws(TextError) -> [Int32]

  /// The first `limit` ids of a text: those that the whole text would give.
  ///
  /// Has a default, for tokenizers whose pieces never span white space.
  func encode(_ text: String, limit: Int) throws(TextError) -> [Int32]

  /// The text of ids. Special pieces are left out, except that the unknown one becomes a sign; ids
  /// outside the vocabulary are left out too.
  func decode(_ ids: some Sequence<Int32>) -> String

  /// The text of a piece; `id` must be in the vocabulary.
  func piece(_ id: Int32) -> String

  /// What a model's folder must hold for this tokenizer, by name: read again, it is equal to this
  /// one.
  func files() throws(TextError) -> [String: Data]
}

extension Tokenizer {
  /// The first `limit` ids of a text, at a cost that grows with `limit` rather than with the text.
  ///
  /// The rule: only a window from the start of the text is encoded, at first `8 * limit` bytes (256
  /// at least), and four times more until it gives enough ids. The window ends before the last
  /// space, tab or line break in its latter half. No piece spans white space, so the ids are those
  /// that the whole text would give. If that half is all one word, the window ends inside it, and
  /// must then give `2 * limit` ids, so that what the cut changes lies far behind those taken.
  public func encode(_ text: String, limit: Int) throws(TextError) -> [Int32] {
    try firstIDs(of: text, limit: limit) { (window) throws(TextError) in try encode(window) }
  }

  func firstIDs(
    of text: String, limit: Int, encode: (String) throws(TextError) -> [Int32]
  ) throws(TextError) -> [Int32] {
    precondition(limit >= 0, "limit must not be negative, found \(limit)")
    guard limit > 0 else { return [] }
    let utf8 = text.utf8
    let byteCount = utf8.count
    var window = max(256, 8 * min(limit, byteCount))
    while window < byteCount {
      let end = utf8.index(utf8.startIndex, offsetBy: window)
      let cut = utf8.cut(from: utf8.startIndex, notAfter: end)
      let ids = try encode(String(text[..<cut.index]))
      if ids.count >= (cut.isInsideWord ? 2 * limit : limit) { return Array(ids.prefix(limit)) }
      window *= 4
    }
    let ids = try encode(text)
    return ids.count <= limit ? ids : Array(ids.prefix(limit))
  }
}
