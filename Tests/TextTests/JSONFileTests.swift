import Testing
import Text

/// JSON is read through tokenizers; what is not JSON is told with its byte.
@Suite struct JSONFileTests {
  @Test(arguments: [
    ("", 0), ("{", 1), ("{} x", 3), (#"{"a"}"#, 4), (#"{"a":}"#, 5), (#"{"a":1,}"#, 7),
    ("[1 2]", 3),
    ("[1,", 3), (#"{"a":tru}"#, 5), (#"{"a":--1}"#, 5), (#"{"a":.5}"#, 5), (#""open"#, 1),
    ("\"a\tb\"", 2), (#"{a:1}"#, 1), ("[-]", 1), ("{\"a\":1]", 6),
  ])
  func whatIsNotJSONIsToldWithItsByte(text: String, byte: Int) throws {
    guard case .malformedJSON(_, byte, _) = try tokenizerError(["tokenizer.json": text]) else {
      Issue.record("expected an error at \(byte) of \(text)")
      return
    }
  }

  @Test func deepNestingIsRefused() throws {
    let text = String(repeating: "[", count: 1_000_000)
    let error = try tokenizerError(["tokenizer.json": text])
    #expect(error?.description.contains("more than 64") == true)
  }

  @Test(arguments: [
    "null", "[]", "1", "\"a\"", "{}", #"{"model":null}"#, #"{"model":{"vocab":[]}}"#,
  ])
  func otherKindsOfValuesAreRefused(text: String) throws {
    guard case .unsupportedSetting = try tokenizerError(["tokenizer.json": text]) else {
      Issue.record("expected a refusal of \(text)")
      return
    }
  }

  @Test func manyValuesAreRefused() throws {
    let error = try tokenizerError([
      "tokenizer.json": "[" + String(repeating: "1,", count: 4_000_001) + "1]"
    ])
    #expect(error?.description.contains("more than 4000000 values") == true)
  }

  @Test func escapesAreResolved() throws {
    let vocabulary = #"{"[PAD]":0,"\u005bUNK]":1,"[CLS]":2,"[SEP]":3,"[MASK]":4,"\ud83d\ude00":5}"#
    let token = #"{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]}"#
    let json = """
      {"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
      "max_input_chars_per_word": 100, "vocab": \(vocabulary)}, "normalizer": null,
      "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": \(token)}
      """
    let tokenizer = try withFolder(["tokenizer.json": json]) { try TokenizerFolder.read($0) }
    #expect(try tokenizer.encode("😀 x") == [5, 1])
    let broken = json.replacing(#"\ud83d\ude00"#, with: #"\ud83d"#)
    guard case .malformedJSON = try tokenizerError(["tokenizer.json": broken]) else {
      Issue.record("expected an error of half a surrogate pair")
      return
    }
  }
}
