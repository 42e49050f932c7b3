import Checkpoints
import Encoders
import Foundation
import Pruning
import Tensors
import TestSupport
import Testing

@Suite struct SparsityMaskTests {
  private let device = SparsityFixture.device

  /// Scores of a single matrix.
  private func scores(_ values: [Float], _ rows: Int, _ columns: Int) -> WeightScores {
    let place = SparsityFixture.model().matrices(includingPooler: false)[0].place
    return WeightScores([(place, Tensor(values, shape: [rows, columns]))])
  }

  /// The bits of a mask of a single matrix, block by block.
  private func bits(
    _ values: [Float], _ rows: Int, _ columns: Int, _ ratio: Double, _ pattern: String = "weights",
    _ scope: SparsityScope = .global, _ score: BlockScore = .sum, progress: Double = 1
  ) throws -> [Int] {
    var target = SparsityTarget(ratio: ratio, pattern: try SparsityPattern(pattern), scope: scope)
    target.blockScore = score
    let mask = try scores(values, rows, columns).mask(for: target, progress: progress, on: device)
    let matrix = try #require(mask.matrices.values.first)
    return (0..<matrix.blockCount).map { matrix[$0] ? 1 : 0 }
  }

  @Test func theLowestGoAndAmongEqualsTheFirst() throws {
    #expect(try bits([3, 1, 2, 1, 5, 1], 2, 3, 1 / 3) == [1, 0, 1, 0, 1, 1])
    #expect(try bits([3, 1, 2, 1, 5, 1], 2, 3, 0.5) == [1, 0, 1, 0, 1, 0])
    #expect(try bits([-1, -3, 0, -0.0, 2, -2], 2, 3, 0.5) == [0, 0, 1, 1, 1, 0])
    #expect(try bits([3, 1, 2], 1, 3, 0) == [1, 1, 1] && bits([3, 1, 2], 1, 3, 1) == [0, 0, 0])
    #expect(try bits([], 0, 3, 0.5) == [] && bits([], 3, 0, 0.5) == [])
    #expect(try bits([2, 1, 4, 3], 1, 4, 1, progress: 0.5) == [0, 0, 1, 1])
  }

  @Test func everyOutputMayLoseTheSame() throws {
    let values: [Float] = [9, 8, 7, 6, 1, 2, 3, 4]
    #expect(try bits(values, 2, 4, 0.5) == [1, 1, 1, 1, 0, 0, 0, 0])
    #expect(try bits(values, 2, 4, 0.5, "weights", .output) == [1, 1, 0, 0, 0, 0, 1, 1])
  }

  @Test func ofEachGroupSomeStay() throws {
    let values: [Float] = [4, 1, 3, 2, 1, 1, 1, 1, 5, 9, 7]
    #expect(try bits(values, 1, 11, 0.5, "2:4") == [1, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1])
    let early = try bits(values, 1, 11, 0.75, "1:4", progress: 0.4)
    #expect(early == [1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1])
  }

  @Test func blocksAreScoredWhole() throws {
    // Blocks of 2×2 in a matrix of 3×3: the last ones are cut off at the edges.
    let values: [Float] = [1, 1, 3, 1, 1, 0, 0, 5, 2]
    #expect(try bits(values, 3, 3, 0.25, "2x2") == [1, 1, 1, 0])
    #expect(try bits(values, 3, 3, 0.5, "2x2") == [1, 0, 1, 0])
    // By the root of the mean square 1, 2.1, 3.5 and 2: the block of many small weights goes first.
    #expect(try bits(values, 3, 3, 0.25, "2x2", .global, .rootMeanSquare) == [0, 1, 1, 1])
    #expect(try bits(values, 3, 3, 1 / 3, "3x1") == [0, 1, 1])
    #expect(try bits(values, 3, 3, 1 / 3, "1x16") == [1, 0, 1])
  }

  @Test(arguments: [0.0, 0.1, 0.5, 0.9, 0.999, 1])
  func asManyGoAsASortWouldTake(ratio: Double) throws {
    var stream = RandomStream(7)
    // Few distinct values, so that most are tied, and of both signs.
    let values = (0..<5000).map { _ in Float(Int(stream.uniform() * 40) - 20) * 0.25 }
    let count = Int((5000 * ratio).rounded())
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var expected = Array(repeating: 1, count: 5000)
    for index in order.prefix(count) { expected[index] = 0 }
    #expect(try bits(values, 50, 100, ratio) == expected)
    #expect(try bits(values, 50, 100, ratio, "weights", .matrix) == expected)
  }

  @Test(arguments: ["weights", "4x1", "1x16", "32x32", "3x5", "2:4", "1:7"])
  func maskedWeightsAreZeroAndAllOthersAsTheyWere(pattern: String) throws {
    let model = DenseClassifier.random(.uneven, seed: 3)
    for scope in SparsityScope.allCases {
      let mask = try SparsityFixture.mask(of: model, 0.6, pattern: pattern, scope: scope)
      var sparse = model
      try mask.apply(to: &sparse, on: device)
      #expect(try sparse.isZero(outside: mask))
      #expect(sparse.zeroCount == mask.weightCount - mask.keptCount)
      for (old, new) in zip(model.parameters, sparse.parameters) {
        let kept = mask.matrices[old.name]
        for index in 0..<old.tensor.count {
          let isKept = kept.map { kept in
            let (row, column) = index.quotientAndRemainder(dividingBy: kept.shape[1])
            let across = (kept.shape[1] + kept.block.columns - 1) / kept.block.columns
            return kept[row / kept.block.rows * across + column / kept.block.columns]
          }
          let expected = isKept ?? true ? old.tensor[index] : 0
          #expect(new.tensor[index].bitPattern == expected.bitPattern, "\(old.name)[\(index)]")
        }
      }
    }
  }

  @Test func masksWithoutAnyZeroChangeNothing() throws {
    let model = DenseClassifier.random(.uneven, seed: 3)
    var same = model
    let mask = WeightMask(keepingAllOf: model, pattern: try SparsityPattern("4x1"))
    try mask.apply(to: &same, on: device)
    #expect(same == model && mask.ratio == 0)
  }

  @Test(arguments: ["weights", "4x1", "2:4", "7x3"])
  func masksAreSavedAndRead(pattern: String) throws {
    let mask = try SparsityFixture.mask(0.5, pattern: pattern)
    let data = try StrictJSON.encode(mask)
    #expect(try StrictJSON.decode(WeightMask.self, from: data, path: "") == mask)
  }

  @Test(arguments: [
    #"{"pattern":"weights","matrices":{"a":{"shape":[2,3],"bits":"Hw=="}}}"#,
    #"{"pattern":"4x1","matrices":{"a":{"shape":[8,3],"bits":"Pw=="}}}"#,
  ])
  func soundMasksAreTaken(text: String) throws {
    let mask = try StrictJSON.decode(WeightMask.self, from: Data(text.utf8), path: "")
    #expect(mask.names == ["a"] && mask.keptCount == (mask.pattern == .weights ? 5 : 24))
  }

  @Test(arguments: [
    #"{"pattern":"weights","matrices":{"a":{"shape":[2,3],"bits":"fw=="}}}"#,  // a bit too many
    #"{"pattern":"weights","matrices":{"a":{"shape":[2,3],"bits":"HwA="}}}"#,  // a byte too many
    #"{"pattern":"weights","matrices":{"a":{"shape":[2,3],"bits":""}}}"#,
    #"{"pattern":"weights","matrices":{"a":{"shape":[6],"bits":"Hw=="}}}"#,
    #"{"pattern":"weights","matrices":{"a":{"shape":[-2,-3],"bits":"Hw=="}}}"#,
    #"{"pattern":"weights","matrices":{"a":{"shape":[4294967296,4294967296],"bits":"Hw=="}}}"#,
    #"{"pattern":"weights","matrices":{"a":{"shape":[2,3],"bits":"?"}}}"#,
    #"{"pattern":"0x0","matrices":{}}"#, #"{"pattern":"weights"}"#,
  ])
  func damagedMasksAreRefused(text: String) {
    #expect(throws: CheckpointError.self) {
      try StrictJSON.decode(WeightMask.self, from: Data(text.utf8), path: "")
    }
  }

  @Test func masksOfOtherModelsAreRefused() throws {
    let mask = try SparsityFixture.mask(0.5)
    var other = DenseClassifier.random(.uneven, seed: 1)
    let before = other
    let name = "layers.0.attention.output.weight"
    let expected = SparsityError.otherModel(matrix: name, expected: "[24, 15]", found: "[24, 10]")
    #expect(throws: expected) { try mask.apply(to: &other, on: device) }
    #expect(other == before)
    var flat = DenseClassifier.random(.flat, seed: 1)
    #expect(throws: SparsityError.self) { try mask.apply(to: &flat, on: device) }
  }

  @Test(arguments: [Float.nan, .infinity])
  func scoresThatAreNoNumbersAreRefused(value: Float) throws {
    let name = "layers.0.attention.queryKeyValue.weight"
    #expect(throws: SparsityError.notFinite(matrix: name)) {
      try scores([1, value], 1, 2).mask(for: SparsityTarget(ratio: 0.5), on: device)
    }
  }

  @Test func theZerosOfAModelAreItsMask() throws {
    var model = SparsityFixture.model()
    #expect(WeightMask(zerosOf: model) == nil)
    let mask = try SparsityFixture.mask(0.7, pattern: "4x1")
    try mask.apply(to: &model, on: device)
    let found = try #require(WeightMask(zerosOf: model))
    #expect(found.pattern == .weights && found.keptCount == mask.keptCount)
    #expect(try model.isZero(outside: found))
  }

  @Test func thePoolerTakesPartWhenAsked() throws {
    let model = SparsityFixture.model()
    #expect(!WeightMask(keepingAllOf: model, pattern: .weights).names.contains("pooler.weight"))
    let all = WeightMask(keepingAllOf: model, pattern: .weights, includingPooler: true)
    #expect(all.names.contains("pooler.weight") && all.names.count == 9)
  }
}
