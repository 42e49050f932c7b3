// Where the files of a tokenizer name tokens by their ids.

import Foundation
import JSON

/// The ids in one of `tokenizer.json`, apart from its vocabulary, and `tokenizer_config.json`.
struct TokenPlaces {
  private(set) var places: [(range: Range<Int>, id: Int32)] = []
  private let file: JSONFile

  /// The files that have such places.
  static let names = [WordPieceTokenizer.jsonName, TokenizerConfiguration.name]

  /// The ids in a file of these names; in any other there are none.
  init(_ data: Data, name: String) throws(TextError) {
    file = try JSONFile(data, path: name)
    let parts = try file.object()
    if name == TokenizerConfiguration.name {
      try addKeys(parts["added_tokens_decoder"])
    } else if name == WordPieceTokenizer.jsonName {
      try addTokens(parts)
    }
  }

  private mutating func addKeys(_ decoder: JSONFile?) throws(TextError) {
    guard let decoder, !decoder.isNull else { return }
    for member in try decoder.members() {
      guard let id = Int32(member.key.string(in: file.bytes)) else { continue }
      places.append((member.key.range, id))
    }
  }

  private mutating func addTokens(_ parts: [String: JSONFile]) throws(TextError) {
    if let tokens = parts["added_tokens"], !tokens.isNull {
      for token in try tokens.list() { try add(token.object()["id"]) }
    }
    if let padding = parts["padding"], !padding.isNull { try add(padding.object()["pad_id"]) }
    guard let processor = parts["post_processor"], !processor.isNull else { return }
    let frame = try processor.object()
    for key in ["sep", "cls"] {
      if let pair = frame[key] { try add(pair.list().last) }
    }
    guard let tokens = frame["special_tokens"] else { return }
    for token in try tokens.object().values {
      for id in try token.object()["ids"]?.list() ?? [] { try add(id) }
    }
  }

  private mutating func add(_ value: JSONFile?) throws(TextError) {
    guard let value, case .number(let text) = value.value,
      let id = Int32(exactly: try value.integer())
    else { return }
    places.append((text.range, id))
  }

  /// The file with the ids that its tokens get, and with no other pieces in its vocabulary.
  func renumbered(_ kept: KeptTokens) throws(TextError) -> Data {
    var edits = ByteEdits()
    for place in places {
      guard let id = kept.newID(place.id), id != place.id else { continue }
      edits.replace(place.range, with: Array("\(id)".utf8))
    }
    if file.path == WordPieceTokenizer.jsonName, let model = try file.object()["model"],
      let vocabulary = try model.object()["vocab"]
    {
      cut(try vocabulary.members(), to: kept, &edits)
    }
    return edits.applied(to: file.bytes)
  }

  /// Leaves only the pieces that stay in an object of ids by piece.
  private func cut(
    _ members: [JSONDocument.Member], to kept: KeptTokens, _ edits: inout ByteEdits
  ) {
    // A piece goes with all that is between it and the one before it, the comma too.
    var end: Int?
    var isFirst = true
    for member in members {
      guard case .number(let text) = member.value else { continue }
      // Before the key's quote.
      let start = member.key.range.lowerBound - 1
      if let id = Int32(text.string(in: file.bytes)).flatMap({ kept.newID($0) }) {
        if isFirst, let end { edits.replace(end..<start, with: []) }
        isFirst = false
        edits.replace(text.range, with: Array("\(id)".utf8))
      } else {
        edits.replace((end ?? start)..<text.range.upperBound, with: [])
      }
      end = text.range.upperBound
    }
  }
}

/// Changes of a text that leave every other byte as it is.
private struct ByteEdits {
  private var edits: [(range: Range<Int>, bytes: [UInt8])] = []

  /// Puts `bytes` in place of those in `range`; ranges must not overlap.
  mutating func replace(_ range: Range<Int>, with bytes: [UInt8]) { edits.append((range, bytes)) }

  func applied(to bytes: [UInt8]) -> Data {
    var result: [UInt8] = []
    var position = 0
    for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      result += bytes[position..<edit.range.lowerBound]
      result += edit.bytes
      position = edit.range.upperBound
    }
    return Data(result + bytes[position...])
  }
}
