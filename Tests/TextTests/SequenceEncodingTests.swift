import Testing
import Text

@Suite struct SequenceEncodingTests {
  private let vocabulary = Vocabulary(size: 100)

  @Test func textStandsBetweenSpecialPieces() throws {
    let tokenizer = try unigram.get()
    let pieces = try tokenizer.encode("the dog")
    let sequence = try tokenizer.encode("the dog", maximumLength: 64)
    #expect(sequence.ids == [2] + pieces + [3])
    #expect(sequence.typeIDs == [Int32](repeating: 0, count: pieces.count + 2))
    #expect(!sequence.isTruncated)
  }

  @Test func pairsHaveTwoTypes() throws {
    let sequence = try EncodedSequence(
      [10, 11], pairedWith: [12], vocabulary: vocabulary, maximumLength: 6)
    #expect(sequence.ids == [2, 10, 11, 3, 12, 3])
    #expect(sequence.typeIDs == [0, 0, 0, 0, 1, 1])
    #expect(!sequence.isTruncated)
  }

  @Test func emptyTextsLeaveSpecialPieces() throws {
    let tokenizer = try unigram.get()
    #expect(try tokenizer.encode("", maximumLength: 2).ids == [2, 3])
    #expect(try tokenizer.encode("", pairedWith: "", maximumLength: 3).ids == [2, 3, 3])
  }

  @Test func longTextKeepsItsStart() throws {
    let sequence = try EncodedSequence(
      Array(10..<20), vocabulary: vocabulary, maximumLength: 5)
    #expect(sequence.ids == [2, 10, 11, 12, 3])
    #expect(sequence.isTruncated)
  }

  @Test func exactLengthIsNotTruncated() throws {
    let tokenizer = try unigram.get()
    let length = try tokenizer.encode(corpus[0]).count + 2
    #expect(try !tokenizer.encode(corpus[0], maximumLength: length).isTruncated)
    #expect(try tokenizer.encode(corpus[0], maximumLength: length - 1).isTruncated)
  }

  /// The definition: the longer of both loses its last piece; if they are equal, the one that was
  /// shorter at first, or the first.
  @Test func pairsLoseTheLongestFirst() throws {
    for firstCount in 0..<9 {
      for secondCount in 0..<9 {
        for maximumLength in 3..<20 {
          var first = (0..<firstCount).map { Int32(10 + $0) }
          var second = (0..<secondCount).map { Int32(30 + $0) }
          let sequence = try EncodedSequence(
            first, pairedWith: second, vocabulary: vocabulary, maximumLength: maximumLength)
          while first.count + second.count + 3 > maximumLength {
            let isFirst =
              first.count == second.count
              ? firstCount <= secondCount : first.count > second.count
            if isFirst { first.removeLast() } else { second.removeLast() }
          }
          #expect(sequence.ids == [2] + first + [3] + second + [3])
          #expect(sequence.typeIDs.count == sequence.ids.count)
          #expect(
            sequence.isTruncated == (first.count + second.count < firstCount + secondCount))
        }
      }
    }
  }

  @Test func longPairsAreTruncatedAsWholeOnesWouldBe() throws {
    let tokenizer = try unigram.get()
    let long = String(repeating: corpus[1] + " ", count: 300)
    let whole = try EncodedSequence(
      tokenizer.encode(long), pairedWith: tokenizer.encode(corpus[0]),
      vocabulary: tokenizer.vocabulary, maximumLength: 64)
    #expect(try tokenizer.encode(long, pairedWith: corpus[0], maximumLength: 64) == whole)
    let example = Example(text: long, secondText: corpus[0])
    #expect(try tokenizer.encode(example, maximumLength: 64) == whole)
  }

  @Test func lengthsWithoutRoomForSpecialPiecesAreRefused() throws {
    let tokenizer = try unigram.get()
    #expect(throws: TextError.lengthTooShort(maximumLength: 1, minimum: 2)) {
      try tokenizer.encode("the dog", maximumLength: 1)
    }
    #expect(throws: TextError.lengthTooShort(maximumLength: 2, minimum: 3)) {
      try tokenizer.encode("the dog", pairedWith: "the city", maximumLength: 2)
    }
  }
}
