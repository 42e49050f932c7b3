import Foundation
import Testing
import Text

@Suite struct XLMRobertaReductionTests {
  @Test func theMaskStaysLast() throws {
    var files = try XLMRobertaTokenizer(contentsOf: fixture("xlm-roberta")).files()
    let size = try XLMRobertaTokenizer(contentsOf: fixture("xlm-roberta")).vocabulary.size
    files["tokenizer_config.json"] = Data(
      #"{"added_tokens_decoder": {"\#(size - 1)": {"content": "<mask>", "special": true}}}"#.utf8)
    let whole = try withFolder(files) { try TokenizerFolder.read($0) }
    let reduced = try whole.keepingTokens(whole.encode("the film")).tokenizer
    #expect(reduced.vocabulary.mask == Int32(reduced.vocabulary.size - 1))
    let file = try #require(try reduced.files()["tokenizer_config.json"])
    let name = "\"\(reduced.vocabulary.size - 1)\""
    #expect(String(decoding: file, as: UTF8.self).contains(name))
    #expect(try reduced.encode("<mask>") == [reduced.vocabulary.mask])
  }

  @Test func idsAreThoseOfFairseq() throws {
    let whole = try XLMRobertaTokenizer(contentsOf: fixture("xlm-roberta"))
    let reduced = try whole.keepingTokens([]).tokenizer
    #expect((0..<4).map { reduced.piece($0) } == ["<s>", "<pad>", "</s>", "<unk>"])
    #expect(reduced.vocabulary.separatorsBetweenTexts == 2)
  }
}
