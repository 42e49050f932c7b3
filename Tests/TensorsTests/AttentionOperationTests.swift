import Tensors
import TestSupport
import Testing

@Suite struct AttentionOperationTests {
  private static let lengths = [1, 2, 31, 32, 33, 65, 130]
  private let device = Device(threads: 2)

  private struct Case {
    let oracle: Oracle.Attention
    let shape: AttentionShape
    let queryKeyValue, dContext: Matrix

    init(
      lengths: [Int], heads: Int, size: Int, firstTokenOnly: Bool = false, dropout: Dropout = .none
    ) {
      oracle = Oracle.Attention(
        lengths: lengths, headCount: heads, headSize: size, firstTokenOnly: firstTokenOnly)
      shape = AttentionShape(
        offsets: SequenceOffsets(lengths: lengths), headCount: heads, headSize: size,
        firstTokenOnly: firstTokenOnly, dropout: dropout)
      var stream = RandomStream(UInt64(heads), UInt64(size), UInt64(lengths.count))
      queryKeyValue = Matrix(random: lengths.reduce(0, +), 3 * heads * size, from: &stream)
      dContext = Matrix(random: oracle.queryCount, heads * size, from: &stream)
    }
  }

  private func expectOracle(_ given: Case, _ oracle: Oracle.Attention) throws {
    let x = given.queryKeyValue.tensor
    let (context, kept) = device.attention(x, given.shape, recording: true)
    let probabilities = try #require(kept)
    let expected = oracle.output(given.queryKeyValue)
    #expect(context.shape == [oracle.queryCount, oracle.headCount * oracle.headSize])
    #expect(relativeDifference(context, expected.context) < Tolerance.float)
    #expect(
      relativeDifference(probabilities.elements.map(Double.init), expected.probabilities)
        < Tolerance.float)
    let (unrecorded, nothing) = device.attention(x, given.shape, recording: false)
    #expect(unrecorded == context && nothing == nil)
    let dX = device.attentionBackward(
      given.dContext.tensor, queryKeyValue: x, probabilities: probabilities, given.shape)
    let gradient = oracle.gradient(given.dContext, queryKeyValue: given.queryKeyValue)
    #expect(relativeDifference(dX, gradient) < Tolerance.backward)
  }

  @Test(arguments: lengths, [0, 1, 2, 3])
  func contextAndGradientAreTheOracles(length: Int, heads: Int) throws {
    for size in [1, 5, 32] {
      for firstTokenOnly in [false, true] {
        let given = Case(
          lengths: [length, 3], heads: heads, size: size, firstTokenOnly: firstTokenOnly)
        try expectOracle(given, given.oracle)
      }
    }
  }

  @Test(arguments: [false, true])
  func sequencesOfAllLengthsGoTogether(firstTokenOnly: Bool) throws {
    let given = Case(lengths: Self.lengths, heads: 3, size: 7, firstTokenOnly: firstTokenOnly)
    try expectOracle(given, given.oracle)
  }

  @Test(arguments: [false, true])
  func noSequencesGiveNoContext(firstTokenOnly: Bool) throws {
    let given = Case(lengths: [], heads: 2, size: 5, firstTokenOnly: firstTokenOnly)
    try expectOracle(given, given.oracle)
  }

  @Test func emptySequencesAskNothing() throws {
    let given = Case(lengths: [0, 3, 0, 0, 2, 0], heads: 2, size: 5)
    try expectOracle(given, given.oracle)
  }

  /// With the identity for values the context is the dropped probabilities, which shows the mask.
  @Test(arguments: lengths, [false, true])
  func forwardAndBackwardDropTheSameProbabilities(length: Int, firstTokenOnly: Bool) throws {
    let dropout = Dropout(probability: 0.3, key: 0x1234_5678_9abc)
    let revealing = Case(
      lengths: [length], heads: 1, size: length, firstTokenOnly: firstTokenOnly, dropout: dropout)
    var x = revealing.queryKeyValue
    for row in 0..<length {
      for column in 0..<length { x[row, 2 * length + column] = row == column ? 1 : 0 }
    }
    let (context, kept) = device.attention(x.tensor, revealing.shape, recording: true)
    let factors = zip(context.elements, try #require(kept).elements).map { Double($0 / $1) }
    let scale = 1 / (1 - 0.3)
    #expect(factors.allSatisfy { $0 == 0 || abs($0 - scale) < Tolerance.float })
    if factors.count > 1000 {
      let dropped = Double(factors.count { $0 == 0 }) / Double(factors.count)
      // Six deviations of a binomial share.
      #expect(abs(dropped - 0.3) < 6 * (0.21 / Double(factors.count)).squareRoot())
    }
    // The mask of one sequence and head does not depend on the head's size.
    let given = Case(
      lengths: [length], heads: 1, size: 5, firstTokenOnly: firstTokenOnly, dropout: dropout)
    var oracle = given.oracle
    oracle.factors = factors
    try expectOracle(given, oracle)
  }

  @Test func headsAndSequencesDropIndependently() {
    let size = 16
    let given = Case(
      lengths: [size, size], heads: 2, size: size, dropout: Dropout(probability: 0.5, key: 5))
    var x = given.queryKeyValue
    for row in 0..<2 * size {
      for column in 0..<2 * size {
        x[row, 4 * size + column] = row % size == column % size ? 1 : 0
      }
    }
    let context = device.attention(x.tensor, given.shape, recording: false).context
    var masks: Set<[Bool]> = []
    for sequence in 0..<2 {
      for head in 0..<2 {
        masks.insert(
          (0..<size).flatMap { row in
            (0..<size).map { context[((sequence * size + row) * 2 + head) * size + $0] == 0 }
          })
      }
    }
    #expect(masks.count == 4)
  }

  @Test func offsetsAreRunningSumsOfLengths() {
    let offsets = SequenceOffsets(lengths: [2, 0, 3])
    #expect(offsets.count == 3 && offsets.tokenCount == 5)
    #expect(offsets.firstTokens == [0, 2, 2])
    #expect(SequenceOffsets(lengths: []).tokenCount == 0)
  }
}
