import Tensors
import TestSupport
import Testing

/// The mean squared error over sequences, and its gradient.
@Suite struct SquaredErrorTests {
  private static let batches = [[1], [3, 1, 7], [64, 2, 100]]
  private let device = Device(threads: 2)

  private func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var stream = RandomStream(seed, UInt64(rows), UInt64(columns))
    return Matrix(random: rows, columns, from: &stream)
  }

  @Test(arguments: batches, [1, 7, 64])
  func valueAndGradientAreTheOracles(lengths: [Int], width: Int) {
    let rows = lengths.reduce(0, +)
    let (x, y) = (random(rows, width, seed: 1), random(rows, width, seed: 2))
    let (value, gradient) = device.meanSquaredError(
      x.tensor, y.tensor, SequenceOffsets(lengths: lengths))
    let expected = Oracle.meanSquaredError(x, y, lengths: lengths)
    #expect(abs(value - expected) < Tolerance.float * expected)
    guard rows * width < 100 else { return }
    let slope = centralDifferences(at: x) { Oracle.meanSquaredError($0, y, lengths: lengths) }
    #expect(relativeDifference(gradient, slope) < Tolerance.float)
  }

  @Test func equalRowsDifferByNothing() {
    let x = random(5, 6, seed: 1).tensor
    let (value, gradient) = device.meanSquaredError(x, x, SequenceOffsets(lengths: [2, 3]))
    #expect(value == 0)
    #expect(gradient == Tensor(zeros: 5, 6))
  }

  @Test func nothingDiffersByNothing() {
    let none = device.meanSquaredError(
      Tensor(zeros: 0, 6), Tensor(zeros: 0, 6), SequenceOffsets(lengths: []))
    #expect(none.value == 0 && none.gradient.shape == [0, 6])
    let narrow = device.meanSquaredError(
      Tensor(zeros: 3, 0), Tensor(zeros: 3, 0), SequenceOffsets(lengths: [3]))
    #expect(narrow.value == 0 && narrow.gradient.shape == [3, 0])
  }

  @Test func everySequenceWeighsTheSame() {
    let (x, y) = (random(8, 5, seed: 1).tensor, random(8, 5, seed: 2).tensor)
    func value(_ rows: Range<Int>, _ lengths: [Int]) -> Double {
      device.meanSquaredError(
        x.rows(at: Array(rows)), y.rows(at: Array(rows)), SequenceOffsets(lengths: lengths)
      ).value
    }
    let apart = (value(0..<1, [1]) + value(1..<8, [7])) / 2
    #expect(abs(value(0..<8, [1, 7]) - apart) < 1e-12)
  }

  @Test func threadsChangeNothing() {
    let lengths = Array(repeating: 9, count: 40)
    let (x, y) = (random(360, 33, seed: 1).tensor, random(360, 33, seed: 2).tensor)
    let offsets = SequenceOffsets(lengths: lengths)
    let one = Device(threads: 1).meanSquaredError(x, y, offsets)
    let three = Device(threads: 3).meanSquaredError(x, y, offsets)
    #expect(one.value == three.value && one.gradient == three.gradient)
  }
}
