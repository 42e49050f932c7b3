// `tokenizer_config.json` and `special_tokens_map.json` of the `transformers` library.

import Foundation
import JSON

/// Settings beside a vocabulary.
///
/// Beside `tokenizer.json` they only tell the longest sequence, how it is truncated, and the names
/// of tokens that are not in it; where both say something, `tokenizer.json` is right, except for
/// the side that is truncated: there `transformers` goes by the settings. Beside `vocab.txt` alone
/// they tell everything, so a key that is not known is refused.
struct TokenizerConfiguration {
  let file: JSONFile?
  private let keys: [String: JSONFile]

  static let name = "tokenizer_config.json"
  static let mapName = "special_tokens_map.json"

  init(_ file: JSONFile?, specialTokens: JSONFile?) throws(TextError) {
    self.file = file
    var keys: [String: JSONFile] = [:]
    if let file { keys = try file.object() }
    // The library reads the map only where the tokens are not told in full.
    if let specialTokens, keys["added_tokens_decoder"] == nil {
      keys.merge(try specialTokens.object()) { _, new in new }
    }
    self.keys = keys
  }

  /// Keys that change no id of a text: what is shown, padded or saved, and where it came from.
  private static let harmless: Set<String> = [
    "name_or_path", "_name_or_path", "special_tokens_map_file", "tokenizer_file",
    "full_tokenizer_file", "transformers_version", "backend", "is_local", "local_files_only",
    "use_fast", "processor_class", "clean_up_tokenization_spaces", "model_input_names",
    "model_max_length", "max_len", "max_length", "stride", "padding", "padding_side",
    "pad_token_type_id",
    "pad_to_multiple_of", "return_tensors", "chat_template", "init_inputs", "vocab_size",
    "verbose", "bos_token", "eos_token", "tokenizer_class", "auto_map",
  ]

  /// The longest sequence, where one is told that a model could have.
  func maximumLength() throws(TextError) -> Int? {
    guard let key = keys["model_max_length"] ?? keys["max_len"], !key.isNull else { return nil }
    let length = try key.integer()
    guard length >= 3 else { throw key.error(expected: "3 or more") }
    // The library writes 10^30 for none.
    return length < 1_000_000 ? length : nil
  }

  /// The content of a special token.
  func token(_ key: String) throws(TextError) -> String? {
    guard let value = keys[key], !value.isNull else { return nil }
    return try value.tokenContent()
  }

  /// Where a long text loses tokens, if the settings tell.
  func truncationSide() throws(TextError) -> Truncation.Side? {
    guard let side = keys["truncation_side"], !side.isNull else { return nil }
    return try side.choice(["left": .left, "right": .right])
  }

  /// Which text of a pair loses tokens, if the settings tell; the names of both libraries are
  /// known.
  private func truncationStrategy() throws(TextError) -> Truncation.Strategy? {
    guard let strategy = keys["truncation_strategy"], !strategy.isNull else { return nil }
    return try strategy.choice([
      "longest_first": .longestFirst, "LongestFirst": .longestFirst, "only_first": .onlyFirst,
      "OnlyFirst": .onlyFirst, "only_second": .onlySecond, "OnlySecond": .onlySecond,
    ])
  }

  /// What a sequence that is too long loses.
  func truncation() throws(TextError) -> Truncation {
    Truncation(
      side: try truncationSide() ?? .right, strategy: try truncationStrategy() ?? .longestFirst)
  }

  /// Throws if the settings are not those of XLM-RoBERTa's tokenizer.
  func checkXLMRoberta(_ tokens: [AddedToken]) throws(TextError) {
    try checkClass(["XLMRobertaTokenizer"])
    for (key, name) in [
      "bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>",
      "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>",
    ] {
      guard let own = try token(key), own != name else { continue }
      throw try required(key).error(expected: "“\(name)”")
    }
    for token in try addedTokens(special: [], pieceCount: 0, id: { _ in nil })
    where !tokens.contains(where: { $0.content == token.content && $0.id == token.id }) {
      throw .unsupportedSetting(
        path: file?.path ?? Self.name, name: "the added token “\(token.content)”",
        expected: tokens.map(\.content).joined(separator: " "), found: "id \(token.id)")
    }
  }

  /// Throws if the tokenizer is of a class not among these; without a name it may be.
  func checkClass(_ known: [String]) throws(TextError) {
    guard let key = keys["tokenizer_class"], !key.isNull else { return }
    let name = try key.string()
    let plain = name.hasSuffix("Fast") ? String(name.dropLast(4)) : name
    guard known.contains(plain) else {
      throw key.error(expected: known.map { "“\($0)”" }.joined(separator: " or "))
    }
  }

  /// A description of a vocabulary without `tokenizer.json`.
  func describe(_ description: inout WordPieceDescription) throws(TextError) {
    try checkClass([
      "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer",
    ])
    func boolean(_ key: String, _ fallback: Bool) throws(TextError) -> Bool {
      guard let value = keys[key], !value.isNull else { return fallback }
      return try value.boolean()
    }
    var normalization = BertNormalization()
    normalization.lowercases = try boolean("do_lower_case", true)
    normalization.stripsAccents = try boolean("strip_accents", normalization.lowercases)
    normalization.separatesIdeographs = try boolean("tokenize_chinese_chars", true)
    description.normalization = normalization
    guard try boolean("do_basic_tokenize", true) else {
      throw try required("do_basic_tokenize").error(expected: "true")
    }
    guard try !boolean("split_special_tokens", false) else {
      throw try required("split_special_tokens").error(expected: "false")
    }
    if let words = keys["never_split"], !words.isNull, try !words.list().isEmpty {
      throw words.error(expected: "null")
    }
    description.unknownToken = try token("unk_token") ?? description.unknownToken
    description.paddingToken = try token("pad_token") ?? description.paddingToken
    description.maskToken = try token("mask_token") ?? description.maskToken
    description.frame.classification = try token("cls_token") ?? "[CLS]"
    description.frame.separator = try token("sep_token") ?? "[SEP]"
    description.maximumLength = try maximumLength()
    description.truncation = try truncation()
    try checkKeys()
  }

  private func checkKeys() throws(TextError) {
    let read: Set<String> = [
      "do_lower_case", "strip_accents", "tokenize_chinese_chars", "do_basic_tokenize",
      "split_special_tokens", "never_split", "unk_token", "pad_token", "mask_token", "cls_token",
      "sep_token", "added_tokens_decoder", "additional_special_tokens", "extra_special_tokens",
      "truncation_side", "truncation_strategy",
    ]
    let unknown = keys.keys.sorted().first { !read.contains($0) && !Self.harmless.contains($0) }
    if let unknown { throw try required(unknown).error(expected: "a key that is known") }
  }

  private func required(_ key: String) throws(TextError) -> JSONFile {
    guard let value = keys[key] else {
      throw .unsupportedSetting(
        path: file?.path ?? Self.name, name: key, expected: "a value", found: "none")
    }
    return value
  }

  /// The added tokens: those told in full, by id, and then the special ones that are not among
  /// them.
  ///
  /// `id` finds a token in the vocabulary; others follow it in their order.
  func addedTokens(
    special: [String], pieceCount: Int, id: (String) -> Int32?
  ) throws(TextError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    if let decoder = keys["added_tokens_decoder"], !decoder.isNull {
      for (key, value) in try decoder.object() {
        // Any larger is no id, and others must have room after it.
        guard let id = Int32(key), (0..<1 << 30).contains(id) else {
          throw value.error(expected: "an id as key")
        }
        tokens.append(try value.configuredToken(id: id))
      }
      tokens.sort { $0.id < $1.id }
    }
    var names = special
    for key in ["additional_special_tokens", "extra_special_tokens"] {
      guard let list = keys[key], !list.isNull else { continue }
      for token in try list.list() { names.append(try token.tokenContent()) }
    }
    var next = Int32(max(pieceCount, (tokens.map { Int($0.id) + 1 }.max() ?? 0)))
    var known = Set(tokens.map(\.content))
    for name in names where known.insert(name).inserted {
      let own = id(name)
      tokens.append(AddedToken(content: name, id: own ?? next))
      if own == nil { next += 1 }
    }
    return tokens
  }
}

extension JSONFile {
  /// The text of a token that is a string, or an object with its settings.
  fileprivate func tokenContent() throws(TextError) -> String {
    if case .object = value {
      let parts = try object()
      return try required("content", parts).string()
    }
    return try string()
  }

  /// A token of `added_tokens_decoder`, with the defaults of the library's class `AddedToken`.
  fileprivate func configuredToken(id: Int32) throws(TextError) -> AddedToken {
    let parts = try object()
    try check(
      parts,
      known: ["content", "single_word", "lstrip", "rstrip", "normalized", "special", "__type"])
    func boolean(_ key: String, _ fallback: Bool) throws(TextError) -> Bool {
      try parts[key]?.boolean() ?? fallback
    }
    let isSpecial = try boolean("special", false)
    return AddedToken(
      content: try required("content", parts).string(), id: id,
      singleWord: try boolean("single_word", false), stripsLeft: try boolean("lstrip", false),
      stripsRight: try boolean("rstrip", false),
      isNormalized: try boolean("normalized", !isSpecial), isSpecial: isSpecial)
  }
}
