import Tensors
import TestSupport
import Testing

/// The oracles' gradients, which judge all others, against central differences of the oracles.
@Suite struct OracleTests {
  private var stream = RandomStream(1)

  private func isClose(_ found: Matrix, _ expected: Matrix) -> Bool {
    relativeDifference(found.elements, expected.elements) < Tolerance.differences
  }

  @Test mutating func linearGradientsAreCentralDifferences() {
    let x = Matrix(random: 3, 4, from: &stream)
    let weight = Matrix(random: 5, 4, from: &stream)
    let bias = Matrix(random: 1, 5, from: &stream)
    let dY = Matrix(random: 3, 5, from: &stream)
    let gradients = Oracle.linearGradients(dY, input: x, weight: weight)
    func loss(_ x: Matrix, _ weight: Matrix, _ bias: Matrix) -> Double {
      Matrix.dot(Oracle.linear(x, weight: weight, bias: bias), dY)
    }
    #expect(isClose(gradients.dX, centralDifferences(at: x) { loss($0, weight, bias) }))
    #expect(isClose(gradients.dWeight, centralDifferences(at: weight) { loss(x, $0, bias) }))
    #expect(isClose(gradients.dBias, centralDifferences(at: bias) { loss(x, weight, $0) }))
  }

  @Test mutating func elementGradientsAreCentralDifferences() {
    let x = Matrix(random: 4, 5, deviation: 2, from: &stream)
    let dY = Matrix(random: 4, 5, from: &stream)
    #expect(
      isClose(
        Oracle.geluGradient(dY, input: x),
        centralDifferences(at: x) { Matrix.dot(Oracle.gelu($0), dY) }))
    #expect(
      isClose(
        Oracle.tanhGradient(dY, input: x),
        centralDifferences(at: x) { Matrix.dot(Oracle.tanh($0), dY) }))
  }

  @Test mutating func layerNormGradientsAreCentralDifferences() {
    let norm = Oracle.LayerNorm(
      x: Matrix(random: 3, 7, from: &stream), residual: Matrix(random: 3, 7, from: &stream),
      factors: Matrix(random: 3, 7, from: &stream), weight: Matrix(random: 1, 7, from: &stream),
      bias: Matrix(random: 1, 7, from: &stream), epsilon: 1e-3)
    let dY = Matrix(random: 3, 7, from: &stream)
    let gradients = norm.gradients(dY)
    func differences(_ part: WritableKeyPath<Oracle.LayerNorm, Matrix>) -> Matrix {
      centralDifferences(at: norm[keyPath: part]) { value in
        var moved = norm
        moved[keyPath: part] = value
        return Matrix.dot(moved.output, dY)
      }
    }
    #expect(isClose(gradients.dX, differences(\.x)))
    #expect(isClose(gradients.dWeight, differences(\.weight)))
    #expect(isClose(gradients.dBias, differences(\.bias)))
    let residual = Matrix(random: 3, 7, from: &stream)
    var other = norm
    other.residual = residual
    let dResidual = centralDifferences(at: residual) { value in
      var moved = norm
      moved.residual = value
      return Matrix.dot(moved.output, dY)
    }
    #expect(isClose(other.gradients(dY).dResidual, dResidual))
  }

  @Test(arguments: [false, true])
  func attentionGradientIsCentralDifferences(firstTokenOnly: Bool) {
    var stream = RandomStream(2)
    var attention = Oracle.Attention(
      lengths: [1, 4, 2], headCount: 2, headSize: 3, firstTokenOnly: firstTokenOnly)
    let x = Matrix(random: 7, 18, from: &stream)
    let count = attention.output(x).probabilities.count
    attention.factors = Matrix(random: 1, count, from: &stream).elements
    let dContext = Matrix(random: attention.queryCount, 6, from: &stream)
    let differences = centralDifferences(at: x) {
      Matrix.dot(attention.output($0).context, dContext)
    }
    #expect(isClose(attention.gradient(dContext, queryKeyValue: x), differences))
  }

  @Test(arguments: [0, 0.2])
  func crossEntropyGradientIsCentralDifferences(smoothing: Double) {
    var stream = RandomStream(3)
    let logits = Matrix(random: 4, 3, from: &stream)
    let labels = [2, 0, 1, 1]
    let differences = centralDifferences(at: logits) {
      Oracle.crossEntropy($0, labels: labels, smoothing: smoothing).value
    }
    let gradient = Oracle.crossEntropy(logits, labels: labels, smoothing: smoothing).gradient
    #expect(isClose(gradient, differences))
  }
}
