import Encoders
import Foundation
import Pruning
import Tensors
import TestSupport
import Testing
import Training

/// Training what is left of a sparse model.
@Suite struct SparsityConstantMaskTests {
  private let start: DenseClassifier
  private let mask: WeightMask

  init() throws {
    var model = SparsityFixture.model()
    mask = try SparsityFixture.mask(of: model, 0.8, pattern: "4x1")
    try mask.apply(to: &model, on: SparsityFixture.device)
    start = model
  }

  @Test func whatIsZeroStaysZeroAndTheRestLearns() throws {
    let (model, transform) = try SparsityFixture.train(start, ConstantMask(mask))
    #expect(try model.isZero(outside: mask))
    #expect(model.zeroCount == start.zeroCount && model != start && transform.mask == mask)
  }

  @Test func withoutAMaskZerosAreFilled() throws {
    let (model, _) = try SparsityFixture.train(start, Untransformed())
    #expect(model.zeroCount < start.zeroCount / 10)
  }

  @Test func theMaskMayComeFromTheModelsZeros() throws {
    let found = try #require(ConstantMask(zerosOf: start))
    let expected = try SparsityFixture.train(start, ConstantMask(mask)).model
    #expect(try SparsityFixture.train(start, found).model == expected)
    #expect(ConstantMask(zerosOf: SparsityFixture.model()) == nil)
  }

  @Test func weightsThatAreNotZeroYetAreCleared() throws {
    let (model, _) = try SparsityFixture.train(SparsityFixture.model(), ConstantMask(mask))
    #expect(try model.isZero(outside: mask))
  }

  @Test func anEmptyMaskTrainsAsNoneDoes() throws {
    let all = WeightMask(keepingAllOf: start, pattern: .weights)
    let masked = try SparsityFixture.train(SparsityFixture.model(), ConstantMask(all)).model
    #expect(try masked == SparsityFixture.train(SparsityFixture.model(), Untransformed()).model)
  }

  @Test func theGradientsNormIsThatOfWhatMoves() throws {
    func norms(_ mask: WeightMask) throws -> [Float] {
      var norms: [Float] = []
      _ = try SparsityFixture.train(start, ConstantMask(mask)) { event in
        if case .step(_, _, _, _, _, let norm) = event { norms.append(norm) }
      }
      return norms
    }
    let all = try norms(WeightMask(keepingAllOf: start, pattern: .weights))
    #expect(try norms(mask)[0] < all[0])
  }

  @Test(arguments: [1, 4, 5, 6, 14, 15])
  func resumedRunsEndInTheSameBytes(step: Int) throws {
    let expected = try SparsityFixture.train(start, ConstantMask(mask), threads: 1).model
    try SparsityFixture.withTemporaryFolder { (folder) throws in
      #expect(throws: TrainingError.interrupted(step: step)) {
        try SparsityFixture.train(start, ConstantMask(mask), in: folder, stop: step)
      }
      let (model, transform) = try SparsityFixture.train(
        start, ConstantMask(mask), in: folder, threads: 3)
      #expect(model == expected && transform.mask == mask)
    }
  }

  @Test func runsOfOtherMasksAreNotResumed() throws {
    try SparsityFixture.withTemporaryFolder { (folder) throws in
      _ = try? SparsityFixture.train(start, ConstantMask(mask), in: folder, stop: 3)
      let other = try SparsityFixture.mask(0.5)
      #expect(throws: TrainingError.self) {
        try SparsityFixture.train(start, ConstantMask(other), in: folder)
      }
      #expect(throws: TrainingError.self) {
        try SparsityFixture.train(start, Untransformed(), in: folder)
      }
    }
  }
}
