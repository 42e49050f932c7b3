// A SentencePiece tokenizer of ours as the `tokenizers` library reads it.

import Checkpoints
import Foundation
import Text

/// `tokenizer.json` and `tokenizer_config.json` for a unigram model.
///
/// The ids are those of SentencePiece, with two exceptions that are the library's. It replaces
/// clusters of less than six bytes whole, by the shortest rule for their beginning, and others
/// scalar by scalar: a letter that a rule changes loses the marks after it, and the parts of a
/// longer cluster are not composed. So texts should be in NFC, of which this is true only where
/// marks do not compose. And it finds special pieces such as `[MASK]` in text.
///
/// Keeping clusters apart from each other beforehand is no way out: the normalizer (0.23) loses
/// count of what was put between, and fails on some texts.
struct LibraryTokenizer {
  private let tokenizer: SentencePieceTokenizer
  private let settings: SentencePieceSettings

  /// `nil` for a model that the library has no counterpart of: byte pairs whose merges
  /// SentencePiece does not keep, or white space treated in an unusual way.
  init?(_ tokenizer: SentencePieceTokenizer) throws(TextError) {
    guard let settings = SentencePieceSettings(try tokenizer.serialized), settings.isUnigram,
      settings.hasUsualWhiteSpace
    else { return nil }
    self.tokenizer = tokenizer
    self.settings = settings
  }

  /// The files by name, for a model of this configuration.
  func files(for model: EncoderConfiguration) throws -> [String: Data] {
    let vocabulary = tokenizer.vocabulary
    // Without being asked, this class of the library gives no types.
    let inputs =
      ["input_ids", "attention_mask"] + (model.tokenTypeCount > 1 ? ["token_type_ids"] : [])
    let configuration: [String: JSONValue] = [
      "cls_token": piece(vocabulary.classification), "mask_token": piece(vocabulary.mask),
      "model_input_names": .array(inputs.map(JSONValue.string)),
      "model_max_length": .integer(model.maximumLength), "pad_token": piece(vocabulary.padding),
      "sep_token": piece(vocabulary.separator),
      "tokenizer_class": .string("PreTrainedTokenizerFast"), "unk_token": piece(vocabulary.unknown),
    ]
    return [
      "tokenizer.json": try StrictJSON.encode(description),
      "tokenizer_config.json": try StrictJSON.encode(configuration),
    ]
  }

  private func piece(_ id: Int32) -> JSONValue { .string(tokenizer.piece(id)) }

  private var description: [String: JSONValue] {
    let ids = (0..<Int32(tokenizer.vocabulary.size))
    let pieces = ids.map { id in
      let score = tokenizer.score(id)
      return JSONValue.array([piece(id), .number(Double("\(score)") ?? Double(score))])
    }
    let spaces: [String: JSONValue] = [
      "type": .string("Metaspace"), "replacement": .string("▁"),
      "prepend_scheme": .string("always"), "split": .boolean(true),
    ]
    return [
      "version": .string("1.0"), "truncation": .null, "padding": .null,
      "added_tokens": .array(
        ids.filter { [.control, .unknown].contains(tokenizer.kind($0)) }.map(addedToken)),
      "normalizer": normalizer, "pre_tokenizer": .object(spaces), "decoder": .object(spaces),
      "post_processor": template,
      "model": .object([
        "type": .string("Unigram"), "unk_id": .integer(Int(tokenizer.vocabulary.unknown)),
        "vocab": .array(pieces), "byte_fallback": .boolean(settings.hasByteFallback),
      ]),
    ]
  }

  private func addedToken(_ id: Int32) -> JSONValue {
    .object([
      "id": .integer(Int(id)), "content": piece(id), "single_word": .boolean(false),
      "lstrip": .boolean(false), "rstrip": .boolean(false), "normalized": .boolean(false),
      "special": .boolean(true),
    ])
  }

  /// The replacements, and then one space for many and none at the ends.
  private var normalizer: JSONValue {
    func replacing(_ pattern: String, by content: String) -> JSONValue {
      .object([
        "type": .string("Replace"), "pattern": .object(["Regex": .string(pattern)]),
        "content": .string(content),
      ])
    }
    // The library's own step `Strip` would take all that Unicode calls white space.
    var steps = [replacing("\\A +| +\\z", by: ""), replacing(" {2,}", by: " ")]
    if !settings.replacements.isEmpty {
      let table = settings.replacements.base64EncodedString()
      steps.insert(
        .object(["type": .string("Precompiled"), "precompiled_charsmap": .string(table)]), at: 0)
    }
    return .object(["type": .string("Sequence"), "normalizers": .array(steps)])
  }

  /// `[CLS] a [SEP]`, and `[CLS] a [SEP] b [SEP]`.
  private var template: JSONValue {
    let vocabulary = tokenizer.vocabulary
    func special(_ id: Int32, _ type: Int32) -> JSONValue {
      .object(["SpecialToken": .object(["id": piece(id), "type_id": .integer(Int(type))])])
    }
    func text(_ name: String, _ type: Int32) -> JSONValue {
      .object(["Sequence": .object(["id": .string(name), "type_id": .integer(Int(type))])])
    }
    let second = vocabulary.secondTextType
    let separators = Array(
      repeating: special(vocabulary.separator, 0), count: vocabulary.separatorsBetweenTexts)
    let opening = [special(vocabulary.classification, 0), text("A", 0)]
    let known = [vocabulary.classification, vocabulary.separator].map { id in
      let fields: [String: JSONValue] = [
        "id": piece(id), "ids": .array([.integer(Int(id))]), "tokens": .array([piece(id)]),
      ]
      return (tokenizer.piece(id), JSONValue.object(fields))
    }
    return .object([
      "type": .string("TemplateProcessing"),
      "single": .array(opening + [special(vocabulary.separator, 0)]),
      "pair": .array(
        opening + separators + [text("B", second), special(vocabulary.separator, second)]),
      "special_tokens": .object(Dictionary(known) { first, _ in first }),
    ])
  }
}
