import Foundation
import Pare
import Testing

@Suite struct TokenizerCommandTests {
  @Test func vocabulariesAreLearnedAndUsed() throws {
    let folder = try Sample.folder()
    for algorithm in ["unigram", "bpe"] {
      let outcome = try folder.pare(
        "tokenizer", "train", "--data", "train.tsv", "--out", "t.model", "--vocabulary", "285",
        "--algorithm", algorithm, "--json")
      #expect(outcome.status == 0)
      let object = try outcome.object()
      #expect(object["pieces"] as? Int == 285 && object["tokenizer"] as? String == "t.model")
      let tokenizer = try SentencePieceTokenizer(contentsOf: folder["t.model"])
      #expect(tokenizer.vocabulary.size == 285)

      let encoded = try folder.pare("tokenizer", "encode", "t.model", "--json", "A good film")
      let ids = try #require(try encoded.object()["ids"] as? [Int])
      #expect(try ids == tokenizer.encode("A good film").map(Int.init))
    }
  }

  @Test func aSmallTextGivesTheVocabularyItHas() throws {
    let folder = try Sample.folder()
    let outcome = try folder.pare(
      "tokenizer", "train", "--data", "train.tsv", "--out", "t.model", "--json")
    let pieces = try #require(try outcome.object()["pieces"] as? Int)
    #expect((261..<8000).contains(pieces))
    // Who asks for a number gets it or hears why not.
    expectFailure(
      try folder.pare(
        "tokenizer", "train", "--data", "train.tsv", "--out", "u.model", "--vocabulary", "8000"),
      "train.tsv", "8000", "largest possible is \(pieces)", "--vocabulary")
    #expect(!folder.has("u.model"))
  }

  @Test func textsComeFromArgumentsOrLines() throws {
    let folder = try Sample.folder()
    let input = Data("the film\n\ngood".utf8)
    let lines = try folder.pare("tokenizer", "encode", "model", input: input)
    let arguments = try folder.pare("tokenizer", "encode", "model", "the film", "", "good")
    #expect(lines.text == arguments.text && lines.status == 0)
    let ids = try folder.pare("tokenizer", "encode", "model", "--ids", "the film").lines
    #expect(ids.count == 1 && ids[0].split(separator: " ").allSatisfy { Int($0) != nil })
  }
}
