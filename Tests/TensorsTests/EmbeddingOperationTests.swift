import Encoders
import Tensors
import TestSupport
import Testing
import Text

@Suite struct EmbeddingOperationTests {
  private let device = Device(threads: 2)

  private func tables(width: Int) -> Oracle.EmbeddingTables {
    var stream = RandomStream(UInt64(width))
    return Oracle.EmbeddingTables(
      word: Matrix(random: 37, width, from: &stream),
      position: Matrix(random: 40, width, from: &stream),
      tokenType: Matrix(random: 2, width, from: &stream))
  }

  @Test(arguments: [[], [1], [3, 1, 40, 17, 2]], [0, 1, 7, 33, 64, 129])
  func sumsAndGradientsAreTheOracles(lengths: [Int], width: Int) {
    let batch = TokenBatch.random(lengths: lengths, for: .uneven, seed: 3)
    let offsets = SequenceOffsets(lengths: lengths)
    let tables = tables(width: width)
    let y = device.embedding(
      ids: batch.ids, types: batch.typeIDs, offsets, word: tables.word.tensor,
      position: tables.position.tensor, tokenType: tables.tokenType.tensor)
    #expect(y.shape == [batch.tokenCount, width])
    #expect(relativeDifference(y, tables.output(batch)) < Tolerance.element)

    var stream = RandomStream(4)
    let dY = Matrix(random: batch.tokenCount, width, from: &stream)
    var word = Tensor(zeros: 37, width)
    var position = Tensor(zeros: 40, width)
    var tokenType = Tensor(zeros: 2, width)
    for _ in 0..<2 {  // gradients are added to what is there
      device.embeddingBackward(
        dY.tensor, ids: batch.ids, types: batch.typeIDs, offsets, word: &word, position: &position,
        tokenType: &tokenType)
    }
    let twice = Matrix(dY.elements.map { 2 * $0 }, rows: dY.rows, columns: width)
    let expected = tables.gradients(twice, batch)
    #expect(relativeDifference(word, expected.word) < Tolerance.float)
    #expect(relativeDifference(position, expected.position) < Tolerance.float)
    #expect(relativeDifference(tokenType, expected.tokenType) < Tolerance.float)
  }

  @Test func scatteringIsGatheringBackwards() {
    var stream = RandomStream(5)
    let x = Matrix(random: 130, 33, from: &stream).tensor
    let indices = stream.permutation(130).prefix(70).map(Int32.init)
    let gathered = device.gatherRows(x, at: indices)
    #expect(gathered == x.rows(at: indices.map(Int.init)))
    var sum = Tensor(repeating: 1, shape: [130, 33])
    device.scatterAddRows(gathered, at: indices, to: &sum)
    for row in 0..<130 {
      let isPicked = indices.contains(Int32(row))
      #expect(sum.row(row) == x.row(row).map { isPicked ? 1 + $0 : 1 })
    }
    #expect(device.gatherRows(x, at: []).shape == [0, 33])
  }

  @Test func idsOutsideTheTablesStopTheProgram() async {
    await #expect(processExitsWith: .failure) { embed(ids: [37], types: [0]) }
    await #expect(processExitsWith: .failure) { embed(ids: [-1], types: [0]) }
    await #expect(processExitsWith: .failure) { embed(ids: [0], types: [2]) }
    await #expect(processExitsWith: .failure) { embed(ids: [0, 1, 2, 3], types: [0, 0, 0, 0]) }
  }
}

/// Looks up one sequence in tables of 37 words, 3 positions and 2 types.
private func embed(ids: [Int32], types: [Int32]) {
  _ = Device(threads: 1).embedding(
    ids: ids, types: types, SequenceOffsets(lengths: [ids.count]), word: Tensor(zeros: 37, 5),
    position: Tensor(zeros: 3, 5), tokenType: Tensor(zeros: 2, 5))
}
