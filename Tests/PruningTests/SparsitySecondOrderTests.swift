import Encoders
import Foundation
import Pruning
import Tensors
import TestSupport
import Testing
import Text
import Training

/// Weights that go while the others make up for them.
@Suite struct SparsitySecondOrderTests {
  private let device = SparsityFixture.device

  /// Correlated inputs [rows, inputs], and their sums.
  private func inputs(_ rows: Int, _ width: Int) -> (x: [[Double]], sums: LeastSquares) {
    var stream = RandomStream(11, UInt64(width))
    let mixing = (0..<width).map { _ in (0..<width).map { _ in stream.normal() } }
    let x = (0..<rows).map { _ -> [Double] in
      let source = (0..<width).map { _ in stream.normal() }
      return (0..<width).map { column -> Double in
        let mixed: Double = (0..<width).reduce(0.0) { $0 + source[$1] * mixing[$1][column] }
        return 0.5 + mixed / Double(width) + 0.3 * stream.normal()
      }
    }
    var sums = LeastSquares(inputs: width, outputs: 0)
    for half in [x.prefix(rows / 2), x.suffix(rows - rows / 2)] {
      let flat = half.flatMap { $0.map { Float($0) } }
      sums.add(
        Tensor(flat, shape: [half.count, width]), Tensor(zeros: half.count, 0), on: device)
    }
    return (x, sums)
  }

  /// The covariance of inputs, with 1 % of the mean square on its diagonal.
  private func hessian(_ x: [[Double]]) -> [[Double]] {
    let width = x[0].count
    var means = [Double](repeating: 0, count: width)
    for row in x { for a in 0..<width { means[a] += row[a] / Double(x.count) } }
    var h = Array(repeating: means.map { _ in 0.0 }, count: width)
    for row in x {
      for a in 0..<width {
        let left = (row[a] - means[a]) / Double(x.count)
        for b in 0..<width { h[a][b] += left * (row[b] - means[b]) }
      }
    }
    let trace: Double = (0..<width).reduce(0.0) { $0 + h[$1][$1] + means[$1] * means[$1] }
    for index in 0..<width { h[index][index] += 0.01 * trace / Double(width) }
    return h
  }

  /// By Gauss and Jordan.
  private func inverse(_ matrix: [[Double]]) -> [[Double]] {
    let count = matrix.count
    var rows = matrix.enumerated().map { index, row in
      row + (0..<count).map { $0 == index ? 1.0 : 0.0 }
    }
    for pivot in 0..<count {
      let scale = rows[pivot][pivot]
      rows[pivot] = rows[pivot].map { $0 / scale }
      for row in 0..<count where row != pivot {
        let factor = rows[row][pivot]
        for column in 0..<2 * count { rows[row][column] -= factor * rows[pivot][column] }
      }
    }
    return rows.map { Array($0[count...]) }
  }

  @Test(arguments: [1, 2, 3, 5, 16, 17, 64, 67, 130])
  func theFactorTimesItselfIsTheInverse(width: Int) throws {
    let (x, sums) = inputs(3 * width + 5, width)
    let u = try #require(sums.inverseFactor(damping: 0.01, on: device))
    let expected = inverse(hessian(x))
    let scale = expected.flatMap { $0 }.map(abs).max() ?? 0
    for a in 0..<width {
      for b in 0..<width {
        if b < a { #expect(u[a * width + b] == 0) }
        let found = (0...min(a, b)).reduce(0.0) {
          $0 + Double(u[$1 * width + a]) * Double(u[$1 * width + b])
        }
        #expect(abs(found - expected[a][b]) < 2e-4 * scale, "\(a), \(b)")
      }
    }
    #expect(sums.inverseFactor(damping: 0.01, on: Device(threads: 1)) == u)
  }

  @Test func sumsThatAreNoNumbersHaveNoFactor() {
    var sums = LeastSquares(inputs: 3, outputs: 0)
    sums.add(Tensor([1, .nan, 2], shape: [1, 3]), Tensor(zeros: 1, 0), on: device)
    #expect(sums.inverseFactor(damping: 0.01, on: device) == nil)
    let none = LeastSquares(inputs: 0, outputs: 0).inverseFactor(damping: 0.01, on: device)
    #expect(none?.shape == [0, 0])
  }

  /// Setting weights to zero one after the other, each with all the others free to the right of it, is least squares
  /// with these at zero and those to the left of the last as they are: here the last columns stay.
  @Test func whatStaysMakesUpAsLeastSquaresWould() throws {
    let (width, gone) = (9, [0, 1, 2, 3])
    let (x, sums) = inputs(40, width)
    let u = try #require(sums.inverseFactor(damping: 0.01, on: device))
    var stream = RandomStream(3)
    let start = (0..<3 * width).map { _ in Float(stream.normal()) }
    var weights = Tensor(start, shape: [3, width])
    device.eliminate(
      0..<4, keeping: Array(repeating: 0, count: 12), of: &weights, factor: u)
    let h = hessian(x)
    let rest = Array(4..<width)
    let free = inverse(rest.map { a in rest.map { h[a][$0] } })
    for row in 0..<3 {
      // min (w − v)ᵀ H (w − v) with v = 0 on what is gone: v = w + H⁻¹ of the rest · H[rest][gone] · w[gone].
      let pull = rest.map { a -> Double in
        gone.reduce(0.0) { $0 + h[a][$1] * Double(start[row * width + $1]) }
      }
      for (slot, column) in rest.enumerated() {
        let change: Double = rest.indices.reduce(0.0) { $0 + free[slot][$1] * pull[$1] }
        let expected = Double(start[row * width + column]) + change
        #expect(abs(Double(weights[row * width + column]) - expected) < 1e-3)
      }
      #expect(gone.allSatisfy { weights[row * width + $0] == 0 })
    }
  }

  private func batches(_ count: Int) throws -> [LabeledBatch] {
    let examples = try SparsityFixture.examples(count, seed: 9)
    return stride(from: 0, to: count, by: 16).map {
      LabeledBatch(examples[$0..<min($0 + 16, count)])
    }
  }

  /// How far logits are from those of the whole model.
  private func error(
    of criterion: WeightCriterion, ratio: Double, pattern: String, on seen: [LabeledBatch]
  ) throws -> Double {
    let model = DenseClassifier.random(SparsityFixture.configuration, seed: 2)
    var sparse = model
    _ = try OneShotSparsifier(
      to: SparsityTarget(ratio: ratio, pattern: try SparsityPattern(pattern), scope: .matrix),
      by: criterion, on: seen, device: device
    ).sparsify(&sparse)
    return try batches(64).reduce(0) { sum, batch in
      let (a, b) = (
        model.forward(batch.tokens, on: device).logits.elements,
        sparse.forward(batch.tokens, on: device).logits.elements
      )
      return zip(a, b).reduce(sum) { $0 + pow(Double($1.0 - $1.1), 2) }
    }
  }

  @Test(arguments: ["weights", "2:4", "4x1"])
  func logitsStayNearerThanByMagnitude(pattern: String) throws {
    let seen = try batches(200)
    let mine = try error(of: .secondOrder, ratio: 0.5, pattern: pattern, on: seen)
    #expect(try mine < error(of: .magnitude, ratio: 0.5, pattern: pattern, on: seen))
  }

  @Test func withNothingToTakeTheModelStays() throws {
    let model = DenseClassifier.random(.uneven, seed: 2)
    var same = model
    let examples = try EncodedSequence.random(count: 20, longest: 16, for: .uneven, seed: 5)
    let batch = LabeledBatch(examples.map { LabeledSequence($0, label: 0) })
    let target = SparsityTarget(ratio: 0, scope: .matrix)
    let sparsifier = try OneShotSparsifier(
      to: target, by: .secondOrder, on: [batch], device: device)
    let mask = try sparsifier.sparsify(&same)
    #expect(mask.ratio == 0 && same == model)
  }

  /// Layers without heads and without neurons, and a model without layers.
  @Test func emptyMatricesAreNoTrouble() throws {
    for configuration in EncoderConfiguration.tiny {
      var model = DenseClassifier.random(configuration, seed: 2)
      let examples = try EncodedSequence.random(
        count: 20, longest: 16, for: configuration, seed: 5)
      let batch = LabeledBatch(examples.map { LabeledSequence($0, label: 0) })
      for criterion in WeightCriterion.allCases where criterion != .movement {
        var target = SparsityTarget(ratio: 0.5, scope: .matrix)
        target.includesPooler = true
        let sparsifier = try OneShotSparsifier(
          to: target, by: criterion, on: [batch], device: device)
        let mask = try sparsifier.sparsify(&model)
        #expect(try model.isZero(outside: mask), "\(criterion)")
      }
    }
  }
}
