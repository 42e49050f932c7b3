import Foundation
import Testing
import Text

/// What a model's file says beside its pieces, and pieces of rare kinds.
@Suite struct SentencePieceReductionTests {
  /// A field of a protocol buffer.
  private func field(_ number: Int, _ content: Data) -> Data {
    let tag = number << 3 | 2
    let count = content.count
    return Data([UInt8(tag & 127 | 128), UInt8(tag >> 7)])
      + Data([UInt8(count & 127 | 128), UInt8(count >> 7)]) + content
  }

  private func piece(_ text: String, score: Float, kind: UInt8) -> Data {
    let bits = withUnsafeBytes(of: score.bitPattern.littleEndian) { Data($0) }
    return field(1, field(1, Data(text.utf8)) + [2 << 3 | 5] + bits + [3 << 3, kind])
  }

  private func size(_ count: Int) -> Data {
    Data([4 << 3, UInt8(count & 127 | 128), UInt8(count >> 7)])
  }

  @Test func whatIsNotKnownHereStays() throws {
    let content = Data("something of another program".utf8)
    let model = try unigram.get().serialized + field(200, content)
    let whole = try SentencePieceTokenizer(serialized: model)
    let reduced = try whole.keepingTokens(whole.encode("the film")).tokenizer
    #expect(try reduced.files()["tokenizer.model"]?.range(of: content) != nil)
  }

  @Test func sizeInTheSettingsIsThatOfThePieces() throws {
    let whole = try unigram.get()
    #expect(try whole.serialized.range(of: size(whole.vocabulary.size)) != nil)
    let reduced = try whole.keepingTokens([]).tokenizer
    let file = try #require(try reduced.files()["tokenizer.model"])
    #expect(file.range(of: size(reduced.vocabulary.size)) != nil)
    #expect(file.range(of: size(whole.vocabulary.size)) == nil)
  }

  /// The library refuses a model that fails its own test.
  @Test func testsThatAModelBringsAlongGoWithItsPieces() throws {
    let text = "charming journey"
    let whole = try unigram.get()
    let pieces = try whole.encode(text).map { whole.piece($0) }.joined(separator: " ")
    let sample = field(1, Data(text.utf8)) + field(2, Data(pieces.utf8))
    let tested = try SentencePieceTokenizer(
      serialized: whole.serialized + field(4, field(1, sample)))
    let reduced = try tested.keepingTokens([])
    #expect(try reduced.tokenizer.encode(text) != whole.encode(text))
    #expect(reduced.tokenizer.decode(try reduced.tokenizer.encode(text)) == text)
  }

  @Test func piecesOfTheUserStayAndAreFoundFirst() throws {
    let whole = try SentencePieceTokenizer(
      serialized: unigram.get().serialized + piece("lm▁is", score: 0, kind: 4))
    let reduced = try whole.keepingTokens([])
    #expect(
      try reduced.tokenizer.vocabulary.size == unigram.get().keepingTokens([]).kept.ids.count + 1)
    let text = "a film is a film"
    let own = try reduced.tokenizer.encode(text).map { reduced.tokenizer.piece($0) }
    #expect(own.contains("lm▁is"))
  }

  /// A character that is merged into an unused piece is not free for another merge.
  @Test func unusedPiecesOfBytePairsStay() throws {
    let model = try bytePair.get().serialized + piece("ck", score: 1, kind: 5)
    let whole = try SentencePieceTokenizer(serialized: model)
    let ids = try whole.encode("the quick fox")
    #expect(try ids != bytePair.get().encode("the quick fox"))
    let reduced = try whole.keepingTokens(ids)
    #expect(reduced.kept.ids.contains(Int32(whole.vocabulary.size - 1)))
    #expect(try reduced.tokenizer.encode("the quick fox") == ids.map { reduced.kept.newID($0) })
  }

  @Test func unusedPiecesOfUnigramModelsGo() throws {
    let model = try unigram.get().serialized + piece("ck", score: 1, kind: 5)
    let whole = try SentencePieceTokenizer(serialized: model)
    let last = Int32(whole.vocabulary.size - 1)
    #expect(try !whole.keepingTokens([]).kept.ids.contains(last))
    #expect(try whole.keepingTokens([last]).kept.ids.contains(last))
  }

  /// The least score tells what an unknown character costs.
  @Test func theLeastScoreOfAUnigramModelStays() throws {
    let whole = try SentencePieceTokenizer(
      serialized: unigram.get().serialized + piece("quickfox", score: -99, kind: 1))
    let last = Int32(whole.vocabulary.size - 1)
    #expect(try whole.keepingTokens([]).kept.ids.contains(last))
  }

  @Test func overlongPiecesOfBytePairsAreRefused() throws {
    let long = String(repeating: "a", count: 513)
    let model = try bytePair.get().serialized + piece(long, score: -999, kind: 1)
    let whole = try SentencePieceTokenizer(serialized: model)
    let last = Int32(whole.vocabulary.size - 1)
    let error = #expect(throws: TextError.self) { try whole.keepingTokens([last]) }
    #expect(error?.description.contains("expected at most 512 characters, found 513") == true)
    #expect(try whole.keepingTokens([]).kept.newID(last) == nil)
  }
}
