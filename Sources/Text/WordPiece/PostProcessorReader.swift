// The special tokens around texts, as `tokenizer.json` has them.

import JSON

/// Reads `[CLS] a [SEP] b [SEP]` from a post-processor, and refuses any other frame.
struct PostProcessorReader {
  let file: JSONFile

  func frame(
    _ description: WordPieceDescription
  ) throws(TextError) -> WordPieceDescription.SequenceFrame {
    let parts = try file.object()
    let type = try file.required("type", parts)
    switch try type.string() {
    case "BertProcessing":
      try file.check(parts, known: ["type", "sep", "cls"])
      var frame = WordPieceDescription.SequenceFrame()
      frame.separator = try named(try file.required("sep", parts), description)
      frame.classification = try named(try file.required("cls", parts), description)
      return frame
    case "TemplateProcessing":
      try file.check(parts, known: ["type", "single", "pair", "special_tokens"])
      return try frame(parts, description)
    default:
      throw type.error(expected: "“TemplateProcessing” or “BertProcessing”")
    }
  }

  /// A token given as `["[SEP]", 102]`.
  private func named(
    _ pair: JSONFile, _ description: WordPieceDescription
  ) throws(TextError) -> String {
    let list = try pair.list()
    guard list.count == 2 else { throw pair.error(expected: "a token and its id") }
    let token = try list[0].string()
    try check(token, has: list[1], description)
    return token
  }

  /// The template's ids are those that count, so they must be those of the tokens named.
  private func check(
    _ token: String, has id: JSONFile, _ description: WordPieceDescription
  ) throws(TextError) {
    let number = try id.integer()
    let isPiece =
      description.pieces.starts.indices.contains(number)
      && description.pieces[number].elementsEqual(token.utf8)
    guard isPiece || description.added.contains(where: { $0.content == token && $0.id == number })
    else { throw id.error(expected: "the id of “\(token)” in the vocabulary") }
  }

  private enum Item: Equatable {
    case token(String, type: Int)
    case text(String, type: Int)
  }

  private func frame(
    _ parts: [String: JSONFile], _ description: WordPieceDescription
  ) throws(TextError) -> WordPieceDescription.SequenceFrame {
    let single = try file.required("single", parts)
    let pair = try file.required("pair", parts)
    let items = try items(single)
    guard items.count == 3, case .token(let first, 0) = items[0], items[1] == .text("A", type: 0),
      case .token(let last, 0) = items[2]
    else { throw single.error(expected: "the template [CLS]:0 $A:0 [SEP]:0") }

    let pairItems = try self.items(pair)
    let separatorCount = pairItems.count - 4
    guard separatorCount >= 1, case .token(_, let type) = pairItems[pairItems.count - 1],
      (0...1).contains(type),
      pairItems == [.token(first, type: 0), .text("A", type: 0)]
        + Array(repeating: .token(last, type: 0), count: separatorCount)
        + [.text("B", type: type), .token(last, type: type)]
    else { throw pair.error(expected: "the template [CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1") }

    let tokens = try file.required("special_tokens", parts).object()
    for name in [first, last] {
      let token = try file.at("special_tokens", .null).required(name, tokens)
      let ids = try token.required("ids", try token.object())
      let list = try ids.list()
      guard list.count == 1 else { throw ids.error(expected: "one id") }
      try check(name, has: list[0], description)
    }
    return WordPieceDescription.SequenceFrame(
      classification: first, separator: last, separatorsBetweenTexts: separatorCount,
      secondTextType: Int32(type))
  }

  private func items(_ template: JSONFile) throws(TextError) -> [Item] {
    var items: [Item] = []
    for item in try template.list() {
      let kinds = try item.object()
      guard kinds.count == 1, let (kind, content) = kinds.first else {
        throw item.error(expected: "SpecialToken or Sequence")
      }
      let parts = try content.object()
      try content.check(parts, known: ["id", "type_id"])
      let id = try content.required("id", parts).string()
      let type = try content.required("type_id", parts).integer()
      switch kind {
      case "SpecialToken": items.append(.token(id, type: type))
      case "Sequence": items.append(.text(id, type: type))
      default: throw content.error(expected: "SpecialToken or Sequence")
      }
    }
    return items
  }
}
