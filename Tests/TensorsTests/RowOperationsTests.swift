import Tensors
import TestSupport
import Testing

@Suite struct RowOperationsTests {
  /// Around the 16,384 elements that a thread takes at a time.
  private static let counts = [0, 1, 7, 16, 33, 384, 16_383, 16_385, 40_000]
  private let device = Device(threads: 2)

  private func random(_ rows: Int, _ columns: Int, deviation: Double = 1) -> Matrix {
    var stream = RandomStream(UInt64(rows), UInt64(columns))
    return Matrix(random: rows, columns, deviation: deviation, from: &stream)
  }

  @Test(arguments: counts)
  func geluAndItsGradientAreTheOracles(count: Int) {
    let x = random(1, count, deviation: 3)
    let dY = random(2, count)
    let half = Matrix(Array(dY.elements.prefix(count)), rows: 1, columns: count)
    #expect(relativeDifference(device.gelu(x.tensor), Oracle.gelu(x)) < Tolerance.element)
    let dX = device.geluBackward(half.tensor, input: x.tensor)
    #expect(relativeDifference(dX, Oracle.geluGradient(half, input: x)) < Tolerance.element)
  }

  @Test func geluOfExtremesIsTheirLimit() {
    func isClose(_ found: Tensor, _ expected: [Float]) -> Bool {
      zip(found.elements, expected).allSatisfy { abs($0 - $1) < Float(Tolerance.element) }
    }
    let x = Tensor([-1e20, -100, -20, -0.0, 0, 20, 100, 1e20], shape: [8])
    #expect(isClose(device.gelu(x), [0, 0, 0, 0, 0, 20, 100, 1e20]))
    let slope = device.geluBackward(Tensor(repeating: 1, shape: [8]), input: x)
    #expect(isClose(slope, [0, 0, 0, 0.5, 0.5, 1, 1, 1]))
    #expect(device.gelu(Tensor([.nan], shape: [1]))[0].isNaN)
  }

  @Test(arguments: counts)
  func tanhAndItsGradientAreTheOracles(count: Int) {
    let (x, dY) = (random(1, count), random(1, count, deviation: 2))
    let y = device.tanh(x.tensor)
    #expect(relativeDifference(y, Oracle.tanh(x)) < Tolerance.element)
    let dX = device.tanhBackward(dY.tensor, output: y)
    #expect(relativeDifference(dX, Oracle.tanhGradient(dY, input: x)) < Tolerance.element)
  }

  @Test(arguments: [0, 1, 63, 64, 65, 129], [0, 1, 7, 16, 33, 384])
  func softmaxIsTheOracles(rows: Int, width: Int) {
    let x = random(rows, width, deviation: 5)
    let y = device.softmax(x.tensor)
    #expect(y.shape == [rows, width])
    #expect(relativeDifference(y, Oracle.softmax(x)) < Tolerance.element)
  }

  @Test func softmaxOfLargeLogitsIsSafe() {
    let y = device.softmax(Tensor([1e30, -1e30, 0, 5e4, 5e4, -5e4], shape: [2, 3]))
    #expect(relativeDifference(y.elements.map(Double.init), [1, 0, 0, 0.5, 0.5, 0]) < 1e-6)
  }

  @Test(arguments: counts)
  func sumsAreThoseOfDoubles(count: Int) {
    let x = random(1, count)
    let expected = x.elements.reduce(0) { $0 + $1 * $1 }
    // Both sum in double precision; only the order differs.
    #expect(abs(device.sumOfSquares(x.tensor) - expected) <= 1e-12 * expected)
    var y = x.tensor
    device.add(x.tensor, to: &y)
    #expect(y.elements.map(Double.init) == x.elements.map { 2 * $0 })
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity], [0, 16_384, 39_999])
  func oneElementThatIsNoNumberIsFound(value: Float, index: Int) {
    var x = random(1, 40_000).tensor
    #expect(device.isFinite(x))
    x[index] = value
    #expect(!device.isFinite(x))
    #expect(!device.sumOfSquares(x).isFinite)
  }

  @Test func nothingIsFinite() { #expect(device.isFinite(Tensor(zeros: 0))) }
}
