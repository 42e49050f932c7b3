import Encoders
import Foundation
import Pruning
import Tensors
import TestSupport
import Testing
import Text
import Training

/// Criteria for single weights, each against its definition.
@Suite struct SparsityCriterionTests {
  private let device = SparsityFixture.device
  private let model = DenseClassifier.random(SparsityFixture.configuration, seed: 2)
  private let examples: [LabeledSequence]

  init() throws { examples = try SparsityFixture.examples(12, seed: 4) }

  private func batches(of size: Int, _ examples: [LabeledSequence]) -> [LabeledBatch] {
    stride(from: 0, to: examples.count, by: size).map {
      LabeledBatch(examples[$0..<min($0 + size, examples.count)])
    }
  }

  private func sparsified(
    _ criterion: WeightCriterion, _ batches: [LabeledBatch], ratio: Double = 0.5,
    pattern: String = "weights", scope: SparsityScope? = nil, seed: UInt64 = 0,
    includesPooler: Bool = true, threads: Int = 2
  ) throws -> (model: DenseClassifier, mask: WeightMask) {
    var target = SparsityTarget(
      ratio: ratio, pattern: try SparsityPattern(pattern), scope: scope ?? criterion.usualScope)
    target.includesPooler = includesPooler
    var sparse = model
    let mask = try OneShotSparsifier(
      to: target, by: criterion, seed: seed, on: batches, device: Device(threads: threads)
    ).sparsify(&sparse)
    return (sparse, mask)
  }

  private static let criteria = WeightCriterion.allCases.filter { $0 != .movement }

  @Test(arguments: criteria)
  func whatGoesIsZeroAndAsMuchAsAsked(criterion: WeightCriterion) throws {
    for pattern in ["weights", "4x1", "2x3", "2:4"] {
      for scope in [SparsityScope.matrix, .output] {
        let (sparse, mask) = try sparsified(
          criterion, batches(of: 5, examples), pattern: pattern, scope: scope)
        #expect(try sparse.isZero(outside: mask))
        for (name, matrix) in mask.matrices {
          let share = Double(matrix.keptCount) / Double(matrix.blockCount)
          // Matrices of this fixture have as few as three blocks a row, of which one or two stay.
          #expect(abs(share - 0.5) < 0.17, "\(name), \(pattern), \(scope)")
        }
        #expect(mask.names.count == 9)
      }
    }
  }

  @Test(arguments: criteria)
  func batchSizeOrderAndThreadsDoNotMatter(criterion: WeightCriterion) throws {
    let expected = try sparsified(criterion, batches(of: 12, examples))
    let others = [
      try sparsified(criterion, batches(of: 1, examples)),
      try sparsified(criterion, batches(of: 5, examples.reversed()), threads: 3),
    ]
    for other in others {
      // Sums in another order differ in their last bits, which may decide between near equals.
      for (name, mask) in expected.mask.matrices {
        let found = try #require(other.mask.matrices[name])
        let differing = (0..<mask.blockCount).count { mask[$0] != found[$0] }
        #expect(differing * 100 <= mask.blockCount, "\(name)")
      }
    }
    let again = try sparsified(criterion, batches(of: 12, examples), threads: 1)
    #expect(again.model == expected.model && again.mask == expected.mask)
  }

  /// The mask that follows from scores by definition: each matrix by itself.
  private func expectMask(
    _ criterion: WeightCriterion, _ scores: (String, Tensor) -> [Double]
  ) throws {
    let mask = try sparsified(criterion, batches(of: 5, examples), scope: .matrix).mask
    for (name, weight) in model.parameters {
      guard let found = mask.matrices[name] else { continue }
      let scores = scores(name, weight)
      let kept = scores.indices.filter { found[$0] }.map { scores[$0] }
      let gone = scores.indices.filter { !found[$0] }.map { scores[$0] }
      let (least, most) = (try #require(kept.min()), try #require(gone.max()))
      #expect(most <= least * (1 + 1e-4), "\(name)")
      #expect(kept.count == scores.count - Int((Double(scores.count) * 0.5).rounded()))
    }
  }

  @Test func magnitudeIsTheAbsoluteValue() throws {
    try expectMask(.magnitude) { _, weight in weight.elements.map { Double(abs($0)) } }
  }

  @Test func wandaIsTheAbsoluteValueTimesTheInputsSize() throws {
    var squares: [String: [Double]] = [:]
    for example in examples {
      let tokens = LabeledBatch([example]).tokens
      let trace = model.forward(tokens, options: ForwardOptions(isRecording: true), on: device)
      func add(_ name: String, _ input: Tensor) {
        let width = input.shape[1]
        var sums = squares[name] ?? Array(repeating: 0, count: width)
        for (index, value) in input.elements.enumerated() {
          sums[index % width] += Double(value) * Double(value)
        }
        squares[name] = sums
      }
      for layer in model.layers.indices {
        let seen = trace.activations(layer)
        add("layers.\(layer).attention.queryKeyValue.weight", seen.input)
        add("layers.\(layer).attention.output.weight", seen.context)
        add("layers.\(layer).feedForward.up.weight", seen.attended)
        add("layers.\(layer).feedForward.down.weight", seen.neurons)
      }
      add("pooler.weight", try #require(trace.hiddenState(model.layers.count)))
    }
    try expectMask(.wanda) { name, weight in
      let sums = squares[name] ?? []
      return weight.elements.enumerated().map {
        Double(abs($1)) * sums[$0 % sums.count].squareRoot()
      }
    }
  }

  /// The gradient of each example's loss.
  private func gradients() -> [DenseClassifier] {
    examples.map { example in
      var gradients = model.zeros()
      _ = CrossEntropy()(
        model, LabeledBatch([example]), ForwardOptions(), into: &gradients, on: device)
      return gradients
    }
  }

  private func named(_ models: [DenseClassifier]) -> [[String: [Float]]] {
    models.map { model in
      Dictionary(uniqueKeysWithValues: model.parameters.map { ($0.name, $0.tensor.elements) })
    }
  }

  @Test func taylorIsTheMeanOfWeightTimesGradient() throws {
    let gradients = named(gradients())
    try expectMask(.taylor) { name, weight in
      (0..<weight.count).map { index in
        abs(gradients.reduce(0) { $0 + Double($1[name]?[index] ?? 0) } * Double(weight[index]))
      }
    }
  }

  @Test func fisherIsTheMeanOfSquaredGradientsTimesTheSquaredWeight() throws {
    let gradients = named(gradients())
    try expectMask(.fisher) { name, weight in
      (0..<weight.count).map { index in
        let squares = gradients.reduce(0) { $0 + pow(Double($1[name]?[index] ?? 0), 2) }
        return squares * pow(Double(weight[index]), 2)
      }
    }
  }

  @Test func whatIsZeroAlreadyStaysZeroAndCounts() throws {
    var sparse = model
    let before = try SparsityFixture.mask(of: model, 0.6)
    try before.apply(to: &sparse, on: device)
    for (ratio, expected) in [(0.3, 0.6), (0.7, 0.7)] {
      var model = sparse
      let mask = try OneShotSparsifier(
        to: SparsityTarget(ratio: ratio), by: .random, device: device
      ).sparsify(&model)
      #expect(try model.isZero(outside: before))
      #expect(abs(mask.ratio - expected) < 0.001)
    }
  }

  @Test func chanceFollowsItsSeed() throws {
    let first = try sparsified(.random, []).mask
    #expect(try sparsified(.random, []).mask == first)
    #expect(try sparsified(.random, [], seed: 1).mask != first)
  }

  @Test func whatCannotBeMeantIsRefused() throws {
    func refused(_ expected: SparsityError?, _ body: () throws -> Void) {
      let error = #expect(throws: SparsityError.self) { try body() }
      if let expected { #expect(error == expected) }
    }
    refused(nil) { _ = try sparsified(.movement, batches(of: 5, examples)) }
    refused(nil) { _ = try sparsified(.secondOrder, batches(of: 5, examples), scope: .global) }
    refused(nil) { _ = try sparsified(.magnitude, [], ratio: 1.5) }
    for criterion in WeightCriterion.allCases where criterion.needsData {
      refused(.noCalibrationData(criterion: criterion)) { _ = try sparsified(criterion, []) }
    }
    var broken = model
    broken.layers[1].feedForward.up.weight[3] = .nan
    for criterion in Self.criteria where criterion != .random {
      refused(nil) {
        _ = try OneShotSparsifier(
          to: SparsityTarget(ratio: 0.5, scope: .matrix), by: criterion,
          on: batches(of: 5, examples), device: device
        ).sparsify(&broken)
      }
    }
  }
}
