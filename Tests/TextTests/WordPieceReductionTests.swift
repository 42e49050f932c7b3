import Foundation
import Testing
import Text

/// The files of a tokenizer that was cut.
@Suite struct WordPieceReductionTests {
  /// `tokenizer.json` as other programs lay it out; ids are in no order, and one key has an escape.
  private let json = #"""
    {
      "padding": {"strategy": "BatchLongest", "pad_id": 5, "pad_token": "[PAD]"},
      "added_tokens": [
        {"id": 5, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false,
         "normalized": false, "special": true},
        {"id": 12, "content": "[MASK]", "single_word": false, "lstrip": false, "rstrip": false,
         "normalized": false, "special": true}
      ],
      "normalizer": null,
      "pre_tokenizer": {"type": "BertPreTokenizer"},
      "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 8], "cls": ["[CLS]", 7]},
      "model": {
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": {
          "film": 0,
          "##s": 10,
          "f\u006fx": 1,
          "dog": 2,
          "##dog": 11,
          "f": 9,
          "[PAD]": 5,
          "[UNK]": 6,
          "[CLS]": 7,
          "[SEP]": 8,
          "slow": 3,
          "city": 4
        }
      }
    }
    """#

  private func tokenizer(_ files: [String: String]) throws -> any Tokenizer {
    try withFolder(files) { try TokenizerFolder.read($0) }
  }

  private func text(_ tokenizer: any Tokenizer, _ name: String) throws -> String {
    String(decoding: try #require(try tokenizer.files()[name]), as: UTF8.self)
  }

  @Test func onlyIDsAndPiecesChangeInTokenizerJSON() throws {
    let whole = try tokenizer(["tokenizer.json": json])
    let reduced = try whole.keepingTokens([1, 3])
    // Pieces of one character and special ones stay.
    #expect(reduced.kept.ids == [1, 3, 5, 6, 7, 8, 9, 10, 12])
    let expected =
      json
      .replacing("\n      \"film\": 0,", with: "")
      .replacing("\n      \"dog\": 2,\n      \"##dog\": 11,", with: "")
      .replacing(",\n      \"city\": 4", with: "")
      .replacing("\"##s\": 10", with: "\"##s\": 7").replacing("x\": 1", with: "x\": 0")
      .replacing("\"f\": 9", with: "\"f\": 6").replacing("\"slow\": 3", with: "\"slow\": 1")
      .replacing("[PAD]\": 5", with: "[PAD]\": 2").replacing("[UNK]\": 6", with: "[UNK]\": 3")
      .replacing("[CLS]\": 7", with: "[CLS]\": 4").replacing("[SEP]\": 8", with: "[SEP]\": 5")
      .replacing("\"[SEP]\", 8", with: "\"[SEP]\", 5")
      .replacing("\"[CLS]\", 7", with: "\"[CLS]\", 4")
      .replacing("\"id\": 5", with: "\"id\": 2").replacing("\"id\": 12", with: "\"id\": 8")
      .replacing("\"pad_id\": 5", with: "\"pad_id\": 2")
    #expect(try text(reduced.tokenizer, "tokenizer.json") == expected)
    #expect(try reduced.tokenizer.encode("fox slow[MASK] f") == [0, 1, 8, 6])
  }

  @Test func keysOfAddedTokensChangeInTheSettings() throws {
    let settings =
      #"{"added_tokens_decoder": {"7": {"content": "<x>"}, "2": {"content": "[CLS]"}}}"#
    let whole = try tokenizer([
      "vocab.txt": smallVocabulary, "tokenizer_config.json": settings,
    ])
    let reduced = try whole.keepingTokens([])
    #expect(reduced.kept.ids == [0, 1, 2, 3, 4, 7])
    #expect(
      try text(reduced.tokenizer, "tokenizer_config.json")
        == settings.replacing("\"7\"", with: "\"5\""))
    #expect(try reduced.tokenizer.encode("foo <x>") == [1, 5])
  }

  @Test func linesKeepTheirEnds() throws {
    let whole = try tokenizer([
      "vocab.txt": "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\n[MASK]\r\nfoo\nbar\r\nbaz"
    ])
    let reduced = try whole.keepingTokens([6]).tokenizer
    #expect(
      try text(reduced, "vocab.txt") == "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\n[MASK]\r\nbar\r\n")
    #expect(try reduced.encode("bar baz") == [5, 1])
  }

  @Test func settingsOfOtherKindsMayHaveTheSameKeys() throws {
    let settings = #"{"padding": "max_length", "max_length": 128, "model": "x"}"#
    let whole = try tokenizer(["tokenizer.json": json, "tokenizer_config.json": settings])
    let reduced = try whole.keepingTokens([]).tokenizer
    #expect(try text(reduced, "tokenizer_config.json") == settings)
  }

  @Test func wordsAreSpelledByTheirCharacters() throws {
    let pieces = [
      "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "é", "##é", "t", "##t", "été", "##été",
    ]
    let whole = try tokenizer([
      "vocab.txt": pieces.joined(separator: "\n"),
      "tokenizer_config.json": #"{"strip_accents": false}"#,
    ])
    #expect(try whole.encode("étét") == [9, 8])
    let reduced = try whole.keepingTokens([])
    #expect(reduced.kept.ids == Array(0...8))
    #expect(try reduced.tokenizer.encode("étét") == [5, 8, 6, 8])
  }
}
