import Tensors
import TestSupport
import Testing

@Suite struct LayerNormTests {
  private static let rowCounts = [0, 1, 63, 64, 65, 129]
  private static let widths = [1, 7, 16, 33, 384]
  private static let epsilon: Float = 1e-5
  private let device = Device(threads: 2)

  /// A normalization, with the factors of the dropout where there is one.
  private func oracle(
    _ rows: Int, _ width: Int, hasResidual: Bool, _ dropout: Dropout
  ) -> (norm: Oracle.LayerNorm, dY: Matrix) {
    var stream = RandomStream(UInt64(rows), UInt64(width))
    var factors = Tensor(repeating: 1, shape: [rows, width])
    device.applyDropout(dropout, to: &factors)
    let norm = Oracle.LayerNorm(
      x: Matrix(random: rows, width, from: &stream),
      residual: hasResidual ? Matrix(random: rows, width, from: &stream) : nil,
      factors: dropout.isActive ? Matrix(factors) : nil,
      weight: Matrix(random: 1, width, from: &stream),
      bias: Matrix(random: 1, width, from: &stream), epsilon: Double(Self.epsilon))
    return (norm, Matrix(random: rows, width, from: &stream))
  }

  private func forward(
    _ norm: Oracle.LayerNorm, _ dropout: Dropout, recording: Bool
  ) -> (output: Tensor, cache: LayerNormCache?) {
    device.layerNorm(
      norm.x.tensor, residual: norm.residual?.tensor, dropout: dropout, weight: norm.weight.vector,
      bias: norm.bias.vector, epsilon: Self.epsilon, recording: recording)
  }

  private func expectOracle(_ rows: Int, _ width: Int, hasResidual: Bool, _ dropout: Dropout) throws
  {
    let (norm, dY) = oracle(rows, width, hasResidual: hasResidual, dropout)
    let (y, cache) = forward(norm, dropout, recording: true)
    #expect(y.shape == [rows, width])
    #expect(relativeDifference(y, norm.output) < Tolerance.float)
    let (unrecorded, nothing) = forward(norm, dropout, recording: false)
    #expect(unrecorded == y)
    #expect(nothing == nil)
    var (dWeight, dBias) = (Tensor(zeros: width), Tensor(zeros: width))
    let (dX, dResidual) = device.layerNormBackward(
      dY.tensor, try #require(cache), weight: norm.weight.vector, weightGradient: &dWeight,
      biasGradient: &dBias)
    let expected = norm.gradients(dY)
    // One column is always normalized to 0: its gradient is 0, but for a rounding (6e-8) divided by
    // the deviation √ε.
    if width > 1 {
      #expect(relativeDifference(dX, expected.dX) < Tolerance.backward)
      #expect(relativeDifference(dResidual, expected.dResidual) < Tolerance.backward)
      #expect(relativeDifference(dWeight, expected.dWeight) < Tolerance.backward)
    } else {
      let most = Tolerance.element / Double(Self.epsilon).squareRoot()
      #expect((dX.elements + dWeight.elements).allSatisfy { abs(Double($0)) < most })
    }
    #expect(relativeDifference(dBias, expected.dBias) < Tolerance.backward)
  }

  @Test(arguments: rowCounts, widths)
  func outputAndGradientsAreTheOracles(rows: Int, width: Int) throws {
    try expectOracle(rows, width, hasResidual: false, .none)
    try expectOracle(rows, width, hasResidual: true, .none)
  }

  @Test(arguments: rowCounts, widths)
  func forwardAndBackwardDropTheSameElements(rows: Int, width: Int) throws {
    try expectOracle(rows, width, hasResidual: true, Dropout(probability: 0.3, key: 17))
  }

  @Test func noColumnsAreNormalizedToNone() throws {
    try expectOracle(3, 0, hasResidual: true, .none)
  }

  @Test func gradientsAreAddedToWhatIsThere() throws {
    let (norm, dY) = oracle(65, 33, hasResidual: true, .none)
    let cache = try #require(forward(norm, .none, recording: true).cache)
    var (dWeight, dBias) = (Tensor(repeating: 1, shape: [33]), Tensor(repeating: 2, shape: [33]))
    _ = device.layerNormBackward(
      dY.tensor, cache, weight: norm.weight.vector, weightGradient: &dWeight, biasGradient: &dBias)
    var expected = norm.gradients(dY)
    expected.dWeight.elements = expected.dWeight.elements.map { $0 + 1 }
    expected.dBias.elements = expected.dBias.elements.map { $0 + 2 }
    #expect(relativeDifference(dWeight, expected.dWeight) < Tolerance.backward)
    #expect(relativeDifference(dBias, expected.dBias) < Tolerance.backward)
  }

  @Test func equalElementsAreNormalizedToTheBias() {
    let bias = Tensor([1, 2, 3, 4, 5], shape: [5])
    let (y, _) = device.layerNorm(
      Tensor(repeating: 1000, shape: [2, 5]), residual: nil, dropout: .none,
      weight: Tensor(repeating: 1, shape: [5]), bias: bias, epsilon: 1e-12, recording: false)
    #expect(y.row(0) == bias.elements && y.row(1) == bias.elements)
  }
}
