import Encoders
import Foundation
import Pruning
import Tensors
import TestSupport
import Testing
import Training

/// Every way to a sparse model from end to end.
@Suite struct SparsificationTests {
  private let device = SparsityFixture.device

  private func run(
    _ options: SparsificationOptions?, from start: DenseClassifier = SparsityFixture.model(),
    names: (String) -> Void = { _ in }
  ) throws -> DenseClassifier {
    var model = start
    let way = try Sparsification(options, on: device)
    let batches = [LabeledBatch(try SparsityFixture.examples(20, seed: 8))]
    let mask = try way.cut(&model, on: batches)
    let stepCount = SparsityFixture.options.stepCount(examples: 40)
    #expect(stepCount == 15)
    try way.train(&model, keeping: mask, stepCount: stepCount) { run, model in
      names(run.name)
      func train<Transform: StepTransform>(_ transform: Transform) throws {
        var transform = transform
        try Trainer(SparsityFixture.options, on: device).train(
          &model, on: try SparsityFixture.data(), objective: CrossEntropy(),
          transform: &transform, steps: run.steps)
      }
      try train(run.transform)
    }
    return model
  }

  @Test(arguments: SparsificationMethod.allCases)
  func everyMethodEndsSparse(method: SparsificationMethod) throws {
    for pattern in ["weights", "4x1"] {
      let target = SparsityTarget(
        ratio: 0.7, pattern: try SparsityPattern(pattern), scope: .matrix)
      var options = SparsificationOptions(target: target, method: method)
      options.exchange.interval = 4
      let model = try run(options)
      let once = try SparsityFixture.mask(0.7, pattern: pattern, scope: .matrix)
      #expect(model.zeroCount >= (once.weightCount - once.keptCount) * 9 / 10, "\(pattern)")
      #expect(model.zeroCount <= once.weightCount * 8 / 10)
      #expect(try run(options) == model, "the same seed gives the same bytes")
    }
  }

  @Test(arguments: WeightCriterion.allCases)
  func everyCriterionIsForSomeMethod(criterion: WeightCriterion) throws {
    let method: SparsificationMethod = criterion == .movement ? .gradual : .oneShot
    let target = SparsityTarget(ratio: 0.7, scope: criterion.usualScope)
    let options = SparsificationOptions(target: target, criterion: criterion, method: method)
    #expect(try run(options).zeroCount > 1000)
    let way = try Sparsification(options, on: device)
    #expect(way.needsData == criterion.needsData && way.needsTraining == (method == .gradual))
  }

  @Test func withoutOptionsSparseModelsStaySparseAndDenseOnesDense() throws {
    var sparse = SparsityFixture.model()
    try SparsityFixture.mask(0.7).apply(to: &sparse, on: device)
    #expect(try run(nil, from: sparse).zeroCount == sparse.zeroCount)
    #expect(try run(nil).zeroCount == 0)
  }

  @Test func lotteryTicketsTakeSeveralRuns() throws {
    var options = SparsificationOptions(target: SparsityTarget(ratio: 0.7), method: .lottery)
    (options.lottery.rounds, options.lottery.rewindStep) = (2, 3)
    var names: [String] = []
    _ = try run(options) { names.append($0) }
    #expect(names == ["rewind", "round-1", "round-2", "last"])
  }

  @Test func optionsThatDoNotGoTogetherAreRefused() throws {
    func refused(_ method: SparsificationMethod, _ criterion: WeightCriterion, _ ratio: Double) {
      #expect(throws: SparsityError.self) {
        try run(
          SparsificationOptions(
            target: SparsityTarget(ratio: ratio), criterion: criterion, method: method))
      }
    }
    refused(.acdc, .wanda, 0.5)
    refused(.lottery, .taylor, 0.5)
    refused(.gradual, .fisher, 0.5)
    refused(.oneShot, .movement, 0.5)
    refused(.oneShot, .secondOrder, 0.5)  // global unless told
    refused(.gradual, .magnitude, 1.1)
  }
}
