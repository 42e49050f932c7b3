import Encoders
import Foundation
import Tensors
import Testing
import Text

@Suite struct VocabularySurgeryTests {
  private let device = Device(threads: 1)
  private let text = "a charming film about a dog"

  private func logits(_ saved: SavedClassifier, _ text: String) throws -> [Float] {
    let sequence = try saved.tokenizer.encode(
      text, pairedWith: "a city", maximumLength: saved.sequenceLength(20))
    return saved.classifier.logits([sequence], on: device)[0]
  }

  private func bits(_ logits: [Float]) -> [UInt32] { logits.map(\.bitPattern) }

  private func used(_ saved: SavedClassifier) throws -> [Int32] {
    try saved.tokenizer.encode(text) + saved.tokenizer.encode("a city")
  }

  @Test func textsThatUseNoneOfWhatGoesKeepTheirLogits() throws {
    let whole = try savedClassifier()
    let (cut, kept) = try whole.keepingTokens(used(whole))
    #expect(cut.classifier.configuration.vocabularySize == kept.ids.count)
    #expect(cut.classifier.embeddings.word.shape[0] == kept.ids.count)
    #expect(kept.ids.count < whole.tokenizer.vocabulary.size)
    #expect(try bits(logits(cut, text)) == bits(logits(whole, text)))
  }

  @Test func rowsThatNoPieceHasGo() throws {
    let whole = try savedClassifier()
    let pieces = whole.tokenizer.vocabulary.size
    #expect(whole.classifier.configuration.vocabularySize > pieces)
    let (cut, kept) = try whole.keepingTokens(0..<Int32(pieces))
    #expect(kept.ids.count == pieces)
    #expect(cut.classifier.configuration.vocabularySize == pieces)
    #expect(try cut.tokenizer.files() == whole.tokenizer.files())
    #expect(try bits(logits(cut, text)) == bits(logits(whole, text)))
  }

  @Test func rowsAreThoseOfTheirIDs() throws {
    let model = try savedClassifier().classifier
    let cut = model.keepingTokens([0, 7, 299])
    #expect(
      (0..<3).map { cut.embeddings.word.row($0) }
        == [0, 7, 299].map { model.embeddings.word.row($0) })
    #expect(cut.layers == model.layers && cut.classifier == model.classifier)
    #expect(model.keepingTokens(Array(0..<300)) == model)
  }

  @Test func cutModelsAreSavedAndRead() throws {
    let whole = try savedClassifier()
    let (cut, _) = try whole.keepingTokens(used(whole))
    try withTemporaryFolder { folder in
      try cut.write(to: folder)
      let again = try SavedClassifier(contentsOf: folder)
      #expect(again.classifier == cut.classifier)
      #expect(try again.tokenizer.files() == cut.tokenizer.files())
      #expect(try bits(logits(again, text)) == bits(logits(whole, text)))
    }
  }

  @Test(arguments: [ModelFamily.bert, .distilBERT, .xlmRoBERTa])
  func checkpointsOfOthersAreCutAndExported(family: ModelFamily) throws {
    let whole = try SavedClassifier(contentsOf: HuggingFaceFixture(family).folder, seed: 1)
    let (cut, kept) = try whole.keepingTokens(used(whole))
    #expect(kept.ids.count <= whole.tokenizer.vocabulary.size)
    #expect(try bits(logits(cut, text)) == bits(logits(whole, text)))
    try withTemporaryFolder { folder in
      try HuggingFaceExport(cut).write(to: folder)
      let again = try SavedClassifier(contentsOf: folder)
      #expect(try bits(logits(again, text)) == bits(logits(whole, text)))
    }
  }
}
