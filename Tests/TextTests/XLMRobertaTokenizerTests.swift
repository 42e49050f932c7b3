import Foundation
import Testing
import Text

@Suite struct XLMRobertaTokenizerTests {
  @Test func idsAreThoseOfTheLibrary() throws {
    let tokenizer = try XLMRobertaTokenizer(contentsOf: fixture("xlm-roberta"))
    let expected = try ExpectedTokens("xlm-roberta")
    #expect(expected.cases.count > 450)
    for example in expected.cases {
      #expect(tokenizer.encode(example.text) == example.ids, "\(example.text.debugDescription)")
    }
    for pair in expected.pairs {
      let sequence = try tokenizer.encode(
        pair.first, pairedWith: pair.second, maximumLength: pair.length)
      #expect(sequence.ids == pair.ids)
      #expect(sequence.typeIDs == pair.typeIDs)
    }
  }

  @Test func idsAreThoseOfFairseq() throws {
    let tokenizer = try XLMRobertaTokenizer(contentsOf: fixture("xlm-roberta"))
    let size = tokenizer.vocabulary.size
    #expect((0..<4).map { tokenizer.piece($0) } == ["<s>", "<pad>", "</s>", "<unk>"])
    #expect(tokenizer.piece(Int32(size - 1)) == "<mask>")
    #expect(
      tokenizer.vocabulary
        == Vocabulary(
          size: size, padding: 1, unknown: 3, classification: 0, separator: 2,
          mask: Int32(size - 1), separatorsBetweenTexts: 2, secondTextType: 0, maximumLength: 512))
  }

  @Test func decodingLeavesSpecialPiecesOut() throws {
    let tokenizer = try XLMRobertaTokenizer(contentsOf: fixture("xlm-roberta"))
    let ids = tokenizer.encode("the film")
    #expect(
      tokenizer.decode([0] + ids + [2, 1, tokenizer.vocabulary.mask, -1, 99_999]) == "the film")
    #expect(tokenizer.decode([3]).contains("⁇"))
  }

  @Test func firstIDsAreThoseOfTheWholeText() throws {
    let tokenizer: any Tokenizer = try XLMRobertaTokenizer(contentsOf: fixture("xlm-roberta"))
    let text = String(repeating: "the ﬁ\u{301}lm <mask> क्षि\u{85} is\r\ngood ", count: 300)
    let whole = try tokenizer.encode(text)
    for limit in [0, 1, 2, 7, 100, .max] {
      #expect(try tokenizer.encode(text, limit: limit) == Array(whole.prefix(limit)))
    }
  }

  @Test func oneWordOfAMegabyteTakesNoTime() throws {
    let tokenizer = try XLMRobertaTokenizer(contentsOf: fixture("xlm-roberta"))
    for unit in ["a", "\u{301}", "क्", "☃"] {
      let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count)
      #expect(tokenizer.encode(text).count <= text.unicodeScalars.count + 1)
    }
  }

  @Test func truncationIsThatOfTheSettings() throws {
    var files = try XLMRobertaTokenizer(contentsOf: fixture("xlm-roberta")).files()
    files["tokenizer_config.json"] = Data(#"{"truncation_side":"left"}"#.utf8)
    try withFolder(files) { folder in
      let tokenizer = try TokenizerFolder.read(folder)
      #expect(tokenizer.vocabulary.truncation == Truncation(side: .left))
      let ids = try tokenizer.encode("the film is good", maximumLength: 4).ids
      #expect(try ids == [0] + tokenizer.encode("the film is good").suffix(2) + [2])
    }
  }

  @Test(arguments: ["<pad>", "<mask>", String(repeating: "a", count: 513)])
  func piecesThatWouldGiveOtherIDsAreRefused(piece: String) throws {
    var files = try XLMRobertaTokenizer(contentsOf: fixture("xlm-roberta")).files()
    // A field of the protocol buffer: a piece with its text alone.
    let length = [UInt8(piece.utf8.count & 127 | 128), UInt8(piece.utf8.count >> 7)]
    let content = [0x0A] + length + piece.utf8
    let outer = [UInt8(content.count & 127 | 128), UInt8(content.count >> 7)]
    files["sentencepiece.bpe.model"]? += [0x0A] + outer + content
    try withFolder(files) { folder in
      let error = #expect(throws: TextError.self) { try TokenizerFolder.read(folder) }
      #expect(error?.description.contains(piece.count > 9 ? "at most 512 bytes" : piece) == true)
    }
  }

  @Test func savedFilesGiveAnEqualTokenizer() throws {
    let tokenizer = try XLMRobertaTokenizer(contentsOf: fixture("xlm-roberta"))
    try withFolder(tokenizer.files()) { folder in
      let again = try XLMRobertaTokenizer(contentsOf: folder)
      #expect(again.vocabulary == tokenizer.vocabulary)
      #expect(again.files() == tokenizer.files())
    }
  }

  @Test(arguments: [
    (#"{"tokenizer_class":"CamembertTokenizer"}"#, "tokenizer_class"),
    (#"{"mask_token":"[MASK]"}"#, "mask_token"),
    (#"{"additional_special_tokens":["<x>"]}"#, "the added token “<x>”"),
    (
      #"{"added_tokens_decoder":{"9":{"content":"<mask>","special":true}}}"#,
      "the added token “<mask>”"
    ),
  ])
  func settingsOfOthersAreRefused(configuration: String, name: String) throws {
    var files = try XLMRobertaTokenizer(contentsOf: fixture("xlm-roberta")).files()
    files["tokenizer_config.json"] = Data(configuration.utf8)
    try withFolder(files) { folder in
      let error = #expect(throws: TextError.self) { try TokenizerFolder.read(folder) }
      guard case .unsupportedSetting(_, name, _, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func modelsOfOthersAreRefused() throws {
    for data in [try unigram.get().serialized, Data("nonsense".utf8)] {
      try withFolder(["sentencepiece.bpe.model": data]) { folder in
        let error = #expect(throws: TextError.self) { try TokenizerFolder.read(folder) }
        #expect(error?.description.contains("sentencepiece.bpe.model") == true)
      }
    }
  }
}
