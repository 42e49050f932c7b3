import Tensors
import TestSupport
import Testing

@Suite struct LinearOperationTests {
  private static let rowCounts = [0, 1, 63, 64, 65, 129]
  private static let widths = [0, 1, 7, 16, 33, 384]
  private let device = Device(threads: 2)

  private struct Inputs {
    let x, weight, bias, dY: Matrix

    init(_ rows: Int, _ inputs: Int, _ outputs: Int) {
      var stream = RandomStream(UInt64(rows), UInt64(inputs), UInt64(outputs))
      x = Matrix(random: rows, inputs, from: &stream)
      weight = Matrix(random: outputs, inputs, from: &stream)
      bias = Matrix(random: 1, outputs, from: &stream)
      dY = Matrix(random: rows, outputs, from: &stream)
    }
  }

  @Test(arguments: rowCounts, widths)
  func productIsTheOracles(rows: Int, inputs: Int) {
    for outputs in Self.widths {
      let given = Inputs(rows, inputs, outputs)
      let y = device.linear(
        given.x.tensor, weight: given.weight.tensor, bias: given.bias.vector)
      let expected = Oracle.linear(given.x, weight: given.weight, bias: given.bias)
      #expect(y.shape == [rows, outputs])
      #expect(relativeDifference(y, expected) < Tolerance.float, "\(outputs) outputs")
    }
  }

  @Test(arguments: rowCounts, widths)
  func packedProductIsThePlainOne(rows: Int, inputs: Int) {
    for outputs in Self.widths {
      let given = Inputs(rows, inputs, outputs)
      let (x, weight, bias) = (given.x.tensor, given.weight.tensor, given.bias.vector)
      let packed = PackedWeight(weight, on: device)
      #expect((packed.inputSize, packed.outputSize) == (inputs, outputs))
      let y = device.linear(x, packed: packed, bias: bias)
      let plain = device.linear(x, weight: weight, bias: bias)
      #expect(relativeDifference(y, plain) < Tolerance.float, "\(outputs) outputs")
    }
  }

  @Test(arguments: rowCounts, widths)
  func gradientsAreTheOracles(rows: Int, inputs: Int) {
    for outputs in Self.widths {
      let given = Inputs(rows, inputs, outputs)
      let (x, weight, dY) = (given.x.tensor, given.weight.tensor, given.dY.tensor)
      var dWeight = Tensor(zeros: outputs, inputs)
      var dBias = Tensor(zeros: outputs)
      device.linearParameterGradient(dY, input: x, weight: &dWeight, bias: &dBias)
      let dX = device.linearInputGradient(dY, weight: weight)
      let expected = Oracle.linearGradients(given.dY, input: given.x, weight: given.weight)
      #expect(dX.shape == [rows, inputs])
      #expect(relativeDifference(dX, expected.dX) < Tolerance.float, "\(outputs) outputs")
      #expect(relativeDifference(dWeight, expected.dWeight) < Tolerance.float, "\(outputs) outputs")
      #expect(relativeDifference(dBias, expected.dBias) < Tolerance.float, "\(outputs) outputs")
    }
  }

  @Test func gradientsAreAddedToWhatIsThere() {
    let given = Inputs(65, 33, 16)
    let (x, dY) = (given.x.tensor, given.dY.tensor)
    var (once, onceBias) = (Tensor(zeros: 16, 33), Tensor(zeros: 16))
    device.linearParameterGradient(dY, input: x, weight: &once, bias: &onceBias)
    var (twice, twiceBias) = (once, onceBias)
    device.linearParameterGradient(dY, input: x, weight: &twice, bias: &twiceBias)
    device.add(once, to: &once)
    device.add(onceBias, to: &onceBias)
    #expect(relativeDifference(twice, once) < Tolerance.float)
    #expect(relativeDifference(twiceBias, onceBias) < Tolerance.float)
  }

  @Test(arguments: [0, 16])
  func inputGradientIsAddedToTheOtherAndLeavesItAlone(outputs: Int) {
    let given = Inputs(65, 33, outputs)
    let other = given.x.tensor
    let before = other.elements
    let alone = device.linearInputGradient(given.dY.tensor, weight: given.weight.tensor)
    let both = device.linearInputGradient(
      given.dY.tensor, weight: given.weight.tensor, adding: other)
    var sum = alone
    device.add(other, to: &sum)
    #expect(relativeDifference(both, sum) < Tolerance.float)
    #expect(other.elements == before)
  }

  @Test func rowsOfHigherRankAreRowsToo() {
    let given = Inputs(12, 7, 5)
    let (weight, bias) = (given.weight.tensor, given.bias.vector)
    let flat = device.linear(given.x.tensor, weight: weight, bias: bias)
    let nested = device.linear(given.x.tensor.reshaped(3, 4, 7), weight: weight, bias: bias)
    #expect(flat == nested)
  }
}
