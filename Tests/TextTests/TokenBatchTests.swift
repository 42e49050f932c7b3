import Testing
import Text

@Suite struct TokenBatchTests {
  private let vocabulary = Vocabulary(size: 100)

  @Test func sequencesAreLaidEndToEnd() throws {
    let batch = TokenBatch([
      try EncodedSequence([10, 11], vocabulary: vocabulary, maximumLength: 8),
      try EncodedSequence([], vocabulary: vocabulary, maximumLength: 8),
      try EncodedSequence([12], pairedWith: [13], vocabulary: vocabulary, maximumLength: 8),
    ])
    #expect(batch.ids == [2, 10, 11, 3, 2, 3, 2, 12, 3, 13, 3])
    #expect(batch.typeIDs == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    #expect(batch.lengths == [4, 2, 5])
    #expect(batch.offsets == [0, 4, 6, 11])
    #expect(batch.sequenceCount == 3)
    #expect(batch.tokenCount == 11)
  }

  @Test func emptyBatchHasOneOffset() {
    let batch = TokenBatch([EncodedSequence]())
    #expect(batch == TokenBatch(ids: [], typeIDs: [], lengths: []))
    #expect(batch.offsets == [0])
    #expect(batch.sequenceCount == 0)
    #expect(batch.tokenCount == 0)
  }
}
