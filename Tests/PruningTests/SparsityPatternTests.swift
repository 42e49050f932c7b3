import Checkpoints
import Foundation
import Pruning
import Tensors
import Testing

@Suite struct SparsityPatternTests {
  @Test(arguments: [
    ("weights", SparsityPattern.weights), ("1x1", .weights),
    ("4x1", .blocks(rows: 4, columns: 1)), ("1x16", .blocks(rows: 1, columns: 16)),
    ("32x32", .blocks(rows: 32, columns: 32)), ("2:4", .nOfM(keep: 2, of: 4)),
    ("1:8", .nOfM(keep: 1, of: 8)),
  ])
  func textsAreReadAndWritten(text: String, pattern: SparsityPattern) throws {
    #expect(try SparsityPattern(text) == pattern)
    #expect(try SparsityPattern(pattern.description) == pattern)
    let data = try StrictJSON.encode([pattern])
    #expect(try StrictJSON.decode([SparsityPattern].self, from: data, path: "") == [pattern])
  }

  @Test(arguments: [
    "", "weight", "4", "4x", "x4", "0x1", "4x0", "-4x1", "4x1x1", "4:2", "4:4", "0:4", "2:",
    "2:4:8",
    "65537x1", "99999999999999999999x1", "4 x 1", "2.0x1",
  ])
  func otherTextsAreRefused(text: String) {
    #expect(throws: SparsityError.invalidPattern(found: text)) { try SparsityPattern(text) }
    #expect(throws: CheckpointError.self) {
      let data = try StrictJSON.encode([text])
      _ = try StrictJSON.decode([SparsityPattern].self, from: data, path: "")
    }
  }

  @Test func patternsKnowTheirBlocksAndShares() {
    #expect(SparsityPattern.weights.block == BlockShape(1, 1))
    #expect(SparsityPattern.nOfM(keep: 2, of: 4).block == BlockShape(1, 1))
    #expect(SparsityPattern.blocks(rows: 4, columns: 1).block == BlockShape(4, 1))
    #expect(SparsityPattern.nOfM(keep: 1, of: 4).ratio == 0.75)
    #expect(SparsityPattern.weights.ratio == nil)
    #expect(SparsityTarget(ratio: 0.9, pattern: .nOfM(keep: 2, of: 4)).ratio == 0.5)
  }

  @Test func targetsOutOfRangeAreRefused() throws {
    for ratio in [-0.1, 1.1, .nan, .infinity] {
      #expect(throws: SparsityError.self) { try SparsityTarget(ratio: ratio).validate() }
    }
    var target = SparsityTarget(ratio: 0.5, pattern: .nOfM(keep: 2, of: 4))
    try target.validate()
    target.ratio = 0.9
    let expected = SparsityError.invalidOption(
      name: "weights", expected: "0.5, which is what the pattern 2:4 takes", found: "0.9")
    #expect(throws: expected) { try target.validate() }
  }
}
