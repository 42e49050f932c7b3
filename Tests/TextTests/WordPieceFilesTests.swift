import Foundation
import Testing
import Text

/// Files that would give other ids, or none: each is told by name.
@Suite struct WordPieceFilesTests {
  private func json() throws -> String {
    try String(contentsOf: fixture("cased").appending(path: "tokenizer.json"), encoding: .utf8)
  }

  /// The name of the setting that is refused after a change of the file.
  private func refused(_ old: String, _ new: String) throws -> String? {
    let json = try json()
    #expect(json.contains(old), "\(old)")
    let changed = json.replacing(old, with: new, maxReplacements: 1)
    let error = try tokenizerError(["tokenizer.json": changed])
    guard case .unsupportedSetting(_, let name, let expected, let found) = error else {
      return error.map { "\($0)" }
    }
    #expect(!expected.isEmpty && !found.isEmpty)
    return name
  }

  @Test(arguments: [
    (#""version":"1.0""#, #""version":"1.0","extra":1"#, "extra"),
    (
      #""truncation":null"#,
      #""truncation":{"direction":"Up","max_length":9,"strategy":"LongestFirst","stride":0}"#,
      "truncation.direction"
    ),
    (
      #""truncation":null"#,
      #""truncation":{"direction":"Right","max_length":9,"strategy":"only_first","stride":0}"#,
      "truncation.strategy"
    ),
    (
      #""truncation":null"#,
      #""truncation":{"direction":"Right","max_length":2,"strategy":"LongestFirst","stride":0}"#,
      "truncation.max_length"
    ),
    (#""type":"BertNormalizer""#, #""type":"NFC""#, "normalizer.type"),
    (#""lowercase":false"#, #""lowercase":"no""#, "normalizer.lowercase"),
    (#""lowercase":false"#, #""lowercase":false,"more":1"#, "normalizer.more"),
    (#""type":"BertPreTokenizer""#, #""type":"Whitespace""#, "pre_tokenizer.type"),
    (#""type":"TemplateProcessing""#, #""type":"RobertaProcessing""#, "post_processor.type"),
    (#""ids":[2]"#, #""ids":[7]"#, "post_processor.special_tokens.[CLS].ids.0"),
    (#""ids":[2]"#, #""ids":[2,3]"#, "post_processor.special_tokens.[CLS].ids"),
    (
      #"{"Sequence":{"id":"A","type_id":0}}"#, #"{"Sequence":{"id":"A","type_id":1}}"#,
      "post_processor.single"
    ),
    (
      #"{"Sequence":{"id":"B","type_id":1}}"#, #"{"Sequence":{"id":"B","type_id":0}}"#,
      "post_processor.pair"
    ),
    (#""type":"WordPiece""#, #""type":"BPE""#, "model.type"),
    (#""unk_token":"[UNK]""#, #""unk_token":5"#, "model.unk_token"),
    (
      #""max_input_chars_per_word":100"#, #""max_input_chars_per_word":100000"#,
      "model.max_input_chars_per_word"
    ),
    (#""single_word":false"#, #""single_word":null"#, "added_tokens.0.single_word"),
  ])
  func whatIsNotDoneIsRefused(old: String, new: String, name: String) throws {
    #expect(try refused(old, new) == name)
  }

  @Test func idsOfAddedTokensMustBeThoseTheLibraryGives() throws {
    let name = try refused(#"{"id":0,"content":"[PAD]""#, #"{"id":3,"content":"[PAD]""#)
    #expect(name == "the id of the added token “[PAD]”")
  }

  @Test func longAddedTokensAreRefused() throws {
    let long = String(repeating: "x", count: 1_025)
    let name = try refused(#""content":"[ENT]""#, #""content":"\#(long)""#)
    #expect(name?.hasPrefix("the added token of id") == true)
  }

  @Test func unigramModelsNameTheFileTheyNeed() throws {
    let error = try tokenizerError(["tokenizer.json": #"{"model":{"type":"Unigram","vocab":[]}}"#])
    #expect(error?.description.contains("sentencepiece.bpe.model") == true)
  }

  @Test func truncationTellsTheMaximumLength() throws {
    let json = try json().replacing(
      #""truncation":null"#,
      with:
        #""truncation":{"direction":"Right","max_length":128,"strategy":"LongestFirst","stride":0}"#
    )
    for (configuration, length) in [("{}", 128), (#"{"model_max_length":512}"#, 128)] {
      let tokenizer = try withFolder([
        "tokenizer.json": json, "tokenizer_config.json": configuration,
      ]) {
        try TokenizerFolder.read($0)
      }
      #expect(tokenizer.vocabulary.maximumLength == length)
    }
    let own = try self.json()
    for (configuration, length) in [
      (#"{"model_max_length":512}"#, 512),
      (#"{"model_max_length":1000000000000000019884624838656}"#, nil), ("{}", nil),
    ] {
      let tokenizer = try withFolder([
        "tokenizer.json": own, "tokenizer_config.json": configuration,
      ]) {
        try TokenizerFolder.read($0)
      }
      #expect(tokenizer.vocabulary.maximumLength == length)
    }
  }

  @Test func bertProcessingIsRead() throws {
    let json = try json()
    let start = try #require(json.range(of: #""post_processor":"#))
    let end = try #require(json.range(of: #","decoder""#))
    let bert = json.replacingCharacters(
      in: start.upperBound..<end.lowerBound,
      with: #"{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]}"#)
    let tokenizer = try withFolder(["tokenizer.json": bert]) { try TokenizerFolder.read($0) }
    #expect(try tokenizer.encode("", maximumLength: 9).ids == [2, 3])
  }

  @Test(arguments: [
    (#"{"tokenizer_class":"CamembertTokenizer"}"#, "tokenizer_class"),
    (#"{"truncation_side":"Left"}"#, "truncation_side"),
    (#"{"truncation_strategy":"do_not_truncate"}"#, "truncation_strategy"),
    (#"{"do_basic_tokenize":false}"#, "do_basic_tokenize"),
    (#"{"split_special_tokens":true}"#, "split_special_tokens"),
    (#"{"never_split":["a"]}"#, "never_split"),
    (#"{"strange":1}"#, "strange"),
    (#"{"do_lower_case":1}"#, "do_lower_case"),
    (#"{"model_max_length":1}"#, "model_max_length"),
    (#"{"do_lower_case":true,"do_lower_case":false}"#, "do_lower_case"),
    (#"{"added_tokens_decoder":{"x":{"content":"a"}}}"#, "added_tokens_decoder.x"),
  ])
  func settingsBesideAVocabularyAreRefused(configuration: String, name: String) throws {
    let error = try tokenizerError([
      "vocab.txt": smallVocabulary, "tokenizer_config.json": configuration,
    ])
    guard case .unsupportedSetting(_, name, _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func oldAddedTokensAreRefused() throws {
    let error = try tokenizerError(["vocab.txt": smallVocabulary, "added_tokens.json": #"{"a":7}"#])
    #expect(error?.description.contains("added_tokens.json") == true)
  }

  @Test func unsoundVocabulariesAreTold() throws {
    func error(_ vocabulary: String) throws -> TextError? {
      try tokenizerError(["vocab.txt": vocabulary])
    }
    #expect(try error("").map { "\($0)".contains("empty") } == true)
    for (text, expected) in [
      (smallVocabulary + "\nx\n", "the piece of id 7 is empty"),
      (smallVocabulary + "foo\n", "“foo” is there more than once; expected one id, found 5 and 7"),
      ("a\nb\n", "lacks the unknown token; expected “[UNK]”"),
    ] {
      #expect(try error(text)?.description.contains(expected) == true)
    }
    try withFolder(["vocab.txt": Data("[PAD]\n[UNK]\n".utf8) + [0xC0, 0x80, 0x0A]]) { folder in
      let place = TextError.Place(path: folder.appending(path: "vocab.txt").path, line: 3)
      #expect(throws: TextError.invalidUTF8(at: place)) { try TokenizerFolder.read(folder) }
    }
  }

  @Test(arguments: [
    (#"{"a":0,"b":2}"#, 1), (#"{"a":0,"b":0}"#, 1), (#"{"a":1}"#, 0),
  ])
  func vocabulariesWithGapsAreTold(vocabulary: String, gap: Int) throws {
    let json = #"{"model":{"type":"WordPiece","vocab":\#(vocabulary)}}"#
    guard case .vocabularyGap(_, gap, _) = try tokenizerError(["tokenizer.json": json]) else {
      Issue.record("expected a gap at \(gap)")
      return
    }
  }

  @Test func repeatedPiecesOfJSONAreTold() throws {
    let json = try json().replacing(#""vocab":{"[PAD]":0"#, with: #""vocab":{"[UNK]":0"#)
    guard
      case .unsupportedSetting(_, "[UNK]", "the key once", _) = try tokenizerError([
        "tokenizer.json": json
      ])
    else {
      Issue.record("expected a repeated piece")
      return
    }
  }

  @Test func filesOfFourGigabytesAreNotRead() throws {
    for name in ["vocab.txt", "tokenizer.json", "tokenizer.model", "sentencepiece.bpe.model"] {
      try withFolder([name: ""]) { folder in
        let file = try FileHandle(forWritingTo: folder.appending(path: name))
        try file.truncate(atOffset: 4 << 30)
        try file.close()
        let error = #expect(throws: TextError.self) { try TokenizerFolder.read(folder) }
        #expect(error?.description.contains("too large") == true)
      }
    }
  }

  @Test func foldersInThePlaceOfFilesAreRefused() throws {
    try withFolder([String: String]()) { folder in
      try FileManager.default.createDirectory(
        at: folder.appending(path: "vocab.txt"), withIntermediateDirectories: true)
      let error = #expect(throws: TextError.self) { try TokenizerFolder.read(folder) }
      #expect(error?.description.contains("expected a regular file") == true)
    }
  }
}
