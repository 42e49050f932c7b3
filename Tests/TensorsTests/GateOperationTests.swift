import Tensors
import TestSupport
import Testing

@Suite struct GateOperationTests {
  private let device = Device(threads: 2)

  private func random(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> Matrix {
    var stream = RandomStream(seed, UInt64(rows), UInt64(columns))
    return Matrix(random: rows, columns, from: &stream)
  }

  /// Around the 64 rows that a thread takes at a time.
  @Test(arguments: [0, 1, 63, 65, 130], [1, 5])
  func gatesScaleTheirGroups(rows: Int, size: Int) {
    let x = random(rows, 3 * size)
    var scaled = x.tensor
    device.scaleGroups(&scaled, by: [2, 0, -0.5])
    for (index, value) in scaled.elements.enumerated() {
      #expect(value == Float(x.elements[index]) * [2, 0, -0.5][index / size % 3])
    }
  }

  @Test func openGatesLeaveEvenTheMemory() {
    var x = random(5, 6).tensor
    let (elements, shared) = (x.elements, x)
    device.scaleGroups(&x, by: [1, 1, 1])
    #expect(x == shared && x.elements == elements)
    device.scaleGroups(&x, by: [1, 1, 0])
    #expect(shared.elements == elements)
  }

  @Test func withoutGatesThereIsNothingToScale() {
    var nothing = Tensor(zeros: 3, 0)
    device.scaleGroups(&nothing, by: [])
    #expect(nothing.count == 0)
    let offsets = SequenceOffsets(lengths: [3, 0])
    #expect(device.groupProducts(nothing, nothing, offsets, groups: 0).shape == [2, 0])
  }

  @Test(arguments: [(1, 15), (3, 5), (15, 1), (5, 3)])
  func productsAreSumsOverEachSequence(groups: Int, size: Int) {
    let lengths = [1, 65, 0, 2]
    let (a, b) = (random(68, groups * size), random(68, groups * size, seed: 2))
    var expected = Matrix(zeros: lengths.count, groups)
    var row = 0
    for (sequence, length) in lengths.enumerated() {
      for _ in 0..<length {
        for column in 0..<groups * size {
          expected[sequence, column / size] += a[row, column] * b[row, column]
        }
        row += 1
      }
    }
    let products = device.groupProducts(
      a.tensor, b.tensor, SequenceOffsets(lengths: lengths), groups: groups)
    #expect(products.shape == [lengths.count, groups])
    #expect(relativeDifference(products, expected) < Tolerance.float)
  }
}
