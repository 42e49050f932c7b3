// `tokenizer.json` of the `tokenizers` library, where it is WordPiece as BERT has it.

import JSON

/// Reads a description from the file; what would change ids and is not done here is refused by
/// name.
///
/// Passed over: `version`; `padding`, except for the name of its token; `decoder`; and `stride` of
/// `truncation`, which is about what is cut off.
struct TokenizerJSON {
  let file: JSONFile

  func description() throws(TextError) -> WordPieceDescription {
    let parts = try file.object()
    try file.check(
      parts,
      known: [
        "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
        "post_processor", "decoder", "model",
      ])
    var description = try model(try file.required("model", parts))
    if let normalizer = parts["normalizer"] {
      description.normalization = try normalization(normalizer)
    } else {
      description.normalization = .none
    }
    let splitter = try file.required("pre_tokenizer", parts)
    try splitter.check(splitter.object(), known: ["type"], type: "BertPreTokenizer")
    if let added = parts["added_tokens"], !added.isNull {
      for token in try added.list() { description.added.append(try token.addedToken()) }
    }
    description.frame = try PostProcessorReader(
      file: try file.required("post_processor", parts)
    ).frame(description)
    if let truncation = parts["truncation"], !truncation.isNull {
      (description.maximumLength, description.truncation) = try lengthAndTruncation(truncation)
    }
    if let padding = parts["padding"], !padding.isNull,
      let token = try padding.object()["pad_token"]
    {
      description.paddingToken = try token.string()
    }
    return description
  }

  private func model(_ model: JSONFile) throws(TextError) -> WordPieceDescription {
    let parts = try model.object()
    // The kind first: of another kind, all else would be strange.
    if let type = parts["type"], try type.string() != "WordPiece" {
      let isUnigram = try type.string() == "Unigram"
      throw type.error(
        expected: isUnigram ? "“WordPiece”, or sentencepiece.bpe.model beside it" : "“WordPiece”")
    }
    try model.check(
      parts,
      known: [
        "type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab",
      ])
    let vocabulary = try model.required("vocab", parts)
    var description = WordPieceDescription(
      pieces: try PieceList(vocabulary), path: file.path)
    description.unknownToken = try model.required("unk_token", parts).string()
    description.continuingPrefix =
      try model.required("continuing_subword_prefix", parts).string()
    let length = try model.required("max_input_chars_per_word", parts)
    description.maximumWordLength = try length.integer()
    // A longer word may cost its square.
    guard (1...1_000).contains(description.maximumWordLength) else {
      throw length.error(expected: "1 ... 1000")
    }
    return description
  }

  private func normalization(_ normalizer: JSONFile) throws(TextError) -> BertNormalization {
    guard !normalizer.isNull else { return .none }
    let parts = try normalizer.object()
    try normalizer.check(
      parts,
      known: ["type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"],
      type: "BertNormalizer")
    var result = BertNormalization()
    result.cleansText = try normalizer.required("clean_text", parts).boolean()
    result.separatesIdeographs =
      try normalizer.required("handle_chinese_chars", parts).boolean()
    result.lowercases = try normalizer.required("lowercase", parts).boolean()
    let strips = parts["strip_accents"]
    result.stripsAccents =
      if let strips, !strips.isNull { try strips.boolean() } else { result.lowercases }
    return result
  }

  private func lengthAndTruncation(
    _ truncation: JSONFile
  ) throws(TextError) -> (Int, Truncation) {
    let parts = try truncation.object()
    try truncation.check(parts, known: ["direction", "max_length", "strategy", "stride"])
    let strategy = try truncation.required("strategy", parts)
    var result = Truncation(
      strategy: try strategy.choice(
        ["LongestFirst": .longestFirst, "OnlyFirst": .onlyFirst, "OnlySecond": .onlySecond]))
    if let direction = parts["direction"] {
      result.side = try direction.choice(["Left": .left, "Right": .right])
    }
    let length = try truncation.required("max_length", parts)
    guard try length.integer() >= 3 else { throw length.error(expected: "3 or more") }
    return (try length.integer(), result)
  }
}

extension JSONFile {
  /// The value of a key that must be there.
  func required(_ key: String, _ parts: [String: JSONFile]) throws(TextError) -> JSONFile {
    guard let part = parts[key] else { throw at(key, .null).error(expected: "a value") }
    return part
  }

  /// The value that a string stands for.
  func choice<Value>(_ values: [String: Value]) throws(TextError) -> Value {
    guard let value = values[try string()] else {
      throw error(expected: values.keys.sorted().map { "“\($0)”" }.joined(separator: " or "))
    }
    return value
  }

  /// Throws the first key that is not known, and a `type` other than the one that is.
  func check(
    _ parts: [String: JSONFile], known: Set<String>, type: String? = nil
  ) throws(TextError) {
    if let type {
      let own = try required("type", parts)
      guard try own.string() == type else { throw own.error(expected: "“\(type)”") }
    }
    if let key = parts.keys.sorted().first(where: { !known.contains($0) }), let part = parts[key] {
      throw part.error(expected: "no such key")
    }
  }

  /// A token of the list `added_tokens`.
  func addedToken() throws(TextError) -> AddedToken {
    let parts = try object()
    try check(
      parts,
      known: ["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"])
    let id = try required("id", parts)
    guard let number = Int32(exactly: try id.integer()), number >= 0 else {
      throw id.error(expected: "an id")
    }
    return AddedToken(
      content: try required("content", parts).string(), id: number,
      singleWord: try required("single_word", parts).boolean(),
      stripsLeft: try required("lstrip", parts).boolean(),
      stripsRight: try required("rstrip", parts).boolean(),
      isNormalized: try required("normalized", parts).boolean(),
      isSpecial: try required("special", parts).boolean())
  }
}

extension PieceList {
  /// The pieces of an object of ids by piece; the ids must be all the numbers from 0.
  fileprivate init(_ file: JSONFile) throws(TextError) {
    let members = try file.members()
    bytes = file.bytes
    // A piece has a byte, so a place of 0 is none: the file begins with a brace.
    starts = [UInt32](repeating: 0, count: members.count)
    ends = starts
    for member in members {
      guard let id = file.smallInteger(member.value), id < members.count else {
        throw .vocabularyGap(
          path: file.path, id: try firstGap(members, file), pieceCount: members.count)
      }
      guard !member.key.range.isEmpty else { throw .emptyPiece(path: file.path, id: id) }
      guard starts[id] == 0 else {
        throw .vocabularyGap(
          path: file.path, id: try firstGap(members, file), pieceCount: members.count)
      }
      if member.key.isEscaped {
        starts[id] = UInt32(bytes.count)
        bytes += member.key.content(in: file.bytes)
        ends[id] = UInt32(bytes.count)
      } else {
        starts[id] = UInt32(member.key.range.lowerBound)
        ends[id] = UInt32(member.key.range.upperBound)
      }
    }
  }

  private func firstGap(
    _ members: [JSONDocument.Member], _ file: JSONFile
  ) throws(TextError) -> Int {
    var ids: Set<Int> = []
    for member in members { ids.insert(try file.at("id", member.value).integer()) }
    return (0..<members.count).first { !ids.contains($0) } ?? members.count
  }
}
