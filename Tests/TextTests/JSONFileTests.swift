import Foundation
import Testing
import Text

/// JSON is read through tokenizers; what is not JSON is told with its byte.
@Suite struct JSONFileTests {
  @Test(arguments: [("", 0), (#"{"a":tru}"#, 5), ("[1 2]", 3), (#""open"#, 1)])
  func whatIsNotJSONIsToldWithItsByte(text: String, byte: Int) throws {
    guard case .malformedJSON(_, byte, _) = try tokenizerError(["tokenizer.json": text]) else {
      Issue.record("expected an error at \(byte) of \(text)")
      return
    }
  }

  @Test func deepNestingIsRefused() throws {
    let text = String(repeating: "[", count: 1_000_000)
    let error = try tokenizerError(["tokenizer.json": text])
    #expect(error?.description.hasSuffix("not JSON at byte 64: nested deeper than 64") == true)
  }

  @Test func filesThatAreNotUTF8AreToldWithTheirLine() throws {
    try withFolder(["tokenizer.json": Data("{\n\"".utf8) + [0xE9] + Data("\":1}".utf8)]) { folder in
      let place = TextError.Place(path: folder.appending(path: "tokenizer.json").path, line: 2)
      #expect(throws: TextError.invalidUTF8(at: place)) { try TokenizerFolder.read(folder) }
    }
  }

  @Test func equivalentKeysAreToldWhereTheyWouldBeOne() throws {
    let error = try tokenizerError(["tokenizer.json": "{\"\u{e9}\":1,\"e\u{301}\":2}"])
    #expect(error?.description.contains("expected the key once") == true)
  }

  @Test(arguments: [
    "null", "[]", "1", "\"a\"", "{}", #"{"model":null}"#, #"{"model":{"vocab":[]}}"#,
    #"{"model":1,"model":2}"#,
  ])
  func otherKindsOfValuesAreRefused(text: String) throws {
    guard case .unsupportedSetting = try tokenizerError(["tokenizer.json": text]) else {
      Issue.record("expected a refusal of \(text)")
      return
    }
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
