import Tensors
import TestSupport
import Testing

/// The nearest number of 8 significant bits; of two equally near, the one that ends in an even bit.
private func roundedToBFloat16(_ value: Float) -> Float {
  let unit = value.ulp * 0x1p16
  return (value / unit).rounded(.toNearestOrEven) * unit
}

@Suite struct LinearOperationTests {
  private static let rowCounts = [0, 1, 63, 64, 65, 129]
  private static let widths = [0, 1, 7, 16, 33, 384]
  private static let devices = ProductPrecision.allCases.map {
    Device(threads: 2, products: $0)
  }
  private let device = Device(threads: 2)

  /// dX, dWeight and dBias of given operands, added to what is given.
  private func gradients(
    _ given: Inputs, adding other: Tensor? = nil, weight dWeight: Tensor? = nil,
    bias dBias: Tensor? = nil, on device: Device
  ) -> (dX: Tensor, dWeight: Tensor, dBias: Tensor) {
    let weight = given.weight.tensor
    var (dWeight, dBias) = (
      dWeight ?? Tensor(zeros: weight.shape), dBias ?? Tensor(zeros: weight.shape[0])
    )
    let dX = device.linearBackward(
      given.dY.tensor, input: given.x.tensor, weight: weight, adding: other,
      weightGradient: &dWeight, biasGradient: &dBias)
    return (dX, dWeight, dBias)
  }

  private struct Inputs {
    let x, weight, bias, dY: Matrix

    init(_ rows: Int, _ inputs: Int, _ outputs: Int) {
      var stream = RandomStream(UInt64(rows), UInt64(inputs), UInt64(outputs))
      x = Matrix(random: rows, inputs, from: &stream)
      weight = Matrix(random: outputs, inputs, from: &stream)
      bias = Matrix(random: 1, outputs, from: &stream)
      dY = Matrix(random: rows, outputs, from: &stream)
    }

    /// The same, of numbers that the device's products do not round.
    init(_ rows: Int, _ inputs: Int, _ outputs: Int, exactOn device: Device) {
      let given = Inputs(rows, inputs, outputs)
      func exact(_ matrix: Matrix) -> Matrix {
        switch device.products {
        case .f32: matrix
        case .bf16: matrix.mapElements { Double(roundedToBFloat16(Float($0))) }
        }
      }
      (x, weight, bias, dY) = (exact(given.x), exact(given.weight), given.bias, exact(given.dY))
    }
  }

  @Test(arguments: rowCounts, widths)
  func productIsTheOracles(rows: Int, inputs: Int) {
    for outputs in Self.widths {
      for device in Self.devices {
        let given = Inputs(rows, inputs, outputs, exactOn: device)
        let y = device.linear(
          given.x.tensor, weight: given.weight.tensor, bias: given.bias.vector)
        let expected = Oracle.linear(given.x, weight: given.weight, bias: given.bias)
        #expect(y.shape == [rows, outputs])
        #expect(relativeDifference(y, expected) < Tolerance.float, "\(outputs) outputs")
      }
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
      for device in Self.devices {
        let given = Inputs(rows, inputs, outputs, exactOn: device)
        let expected = Oracle.linearGradients(given.dY, input: given.x, weight: given.weight)
        let found = gradients(given, on: device)
        #expect(found.dX.shape == [rows, inputs])
        #expect(relativeDifference(found.dX, expected.dX) < Tolerance.float, "\(outputs) outputs")
        #expect(
          relativeDifference(found.dWeight, expected.dWeight) < Tolerance.float,
          "\(outputs) outputs")
        #expect(
          relativeDifference(found.dBias, expected.dBias) < Tolerance.float, "\(outputs) outputs")
      }
    }
  }

  @Test(arguments: devices)
  func gradientsAreAddedToWhatIsThere(device: Device) {
    let given = Inputs(65, 33, 16)
    var (_, once, onceBias) = gradients(given, on: device)
    let (_, twice, twiceBias) = gradients(given, weight: once, bias: onceBias, on: device)
    once.scale(by: 2)
    onceBias.scale(by: 2)
    #expect(relativeDifference(twice, once) < Tolerance.float)
    #expect(relativeDifference(twiceBias, onceBias) < Tolerance.float)
  }

  @Test(arguments: devices, [0, 16])
  func inputGradientIsAddedToTheOtherAndLeavesItAlone(device: Device, outputs: Int) {
    let given = Inputs(65, 33, outputs)
    let other = given.x.tensor
    let before = other.elements
    let alone = gradients(given, on: device).dX
    let both = gradients(given, adding: other, on: device).dX
    var sum = alone
    device.add(other, to: &sum)
    #expect(relativeDifference(both, sum) < Tolerance.float)
    #expect(other.elements == before)
  }

  /// More tokens and rows than one tile has, none of the sizes a multiple of what tiles like.
  @Test(arguments: devices)
  func sizesBeyondATileAreTheOraclesToo(device: Device) {
    let given = Inputs(1_037, 401, 219, exactOn: device)
    let y = device.linear(
      given.x.tensor, weight: given.weight.tensor, bias: given.bias.vector)
    let expected = Oracle.linear(given.x, weight: given.weight, bias: given.bias)
    #expect(relativeDifference(y, expected) < Tolerance.float)
    let gradient = Oracle.linearGradients(given.dY, input: given.x, weight: given.weight)
    let found = gradients(given, on: device)
    #expect(relativeDifference(found.dX, gradient.dX) < Tolerance.float)
    #expect(relativeDifference(found.dWeight, gradient.dWeight) < Tolerance.float)
  }

  @Test func narrowCopiesFollowTheirTensors() {
    let device = device.computing(.bf16)
    let bias = Tensor(zeros: 1)
    var x = Tensor([1, 2], shape: [2, 1])
    var weight = Tensor([3], shape: [1, 1])
    #expect(device.linear(x, weight: weight, bias: bias).elements == [3, 6])
    let kept = x
    x[1] = 4
    weight[0] = 5
    #expect(device.linear(x, weight: weight, bias: bias).elements == [5, 20])
    #expect(device.linear(kept, weight: weight, bias: bias).elements == [5, 10])
    x.scale(by: 2)
    #expect(device.linear(x, weight: weight, bias: bias).elements == [10, 40])
    let wide = x.reshaped(1, 2)
    #expect(
      device.linear(wide, weight: Tensor([1, 1], shape: [1, 2]), bias: bias).elements == [10])
    let normalized = device.gelu(consume x)
    #expect(device.linear(normalized, weight: weight, bias: bias)[1] == 40)
  }

  @Test func twoShapesOfOneMemoryAreTwoOperands() {
    let weight = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
    let y = device.computing(.bf16).linear(
      weight.reshaped(2, 3), weight: weight, bias: Tensor(zeros: 2))
    #expect(y.elements == [14, 32, 32, 77])
    let row = weight.reshaped(1, 6).reshaped(3, 2)
    let other = device.computing(.bf16).linear(
      row, weight: Tensor([1, 1], shape: [1, 2]), bias: Tensor(zeros: 1))
    #expect(other.elements == [3, 7, 11])
    #expect(
      device.computing(.bf16).linear(
        weight.reshaped(6, 1), weight: weight.reshaped(6, 1), bias: Tensor(zeros: 6))[35] == 36)
  }

  @Test func narrowOperandsAreRoundedToTheNearest() {
    var stream = RandomStream(4)
    var values = Matrix(random: 40, 25, deviation: 3, from: &stream).tensor.elements
    // At the end ties, and just above one.
    values += [0, -0.0, 1e-30, -7e37, .infinity, 1.00390625, 1.01171875, 1.0039064]
    let x = Tensor(values, shape: [values.count, 1])
    let y = device.computing(.bf16).linear(
      x, weight: Tensor([1], shape: [1, 1]), bias: Tensor(zeros: 1))
    for (found, value) in zip(y.elements, values) {
      #expect(found == (value.isFinite ? roundedToBFloat16(value) : value), "\(value)")
    }
  }

  @Test func notANumberStaysOneInNarrowProducts() {
    let x = Tensor([Float(bitPattern: 0x7f80_0001), 1], shape: [2, 1])
    let y = device.computing(.bf16).linear(
      x, weight: Tensor([1], shape: [1, 1]), bias: Tensor(zeros: 1))
    #expect(y[0].isNaN && y[1] == 1)
  }

  @Test func rowsOfHigherRankAreRowsToo() {
    let given = Inputs(12, 7, 5)
    let (weight, bias) = (given.weight.tensor, given.bias.vector)
    let flat = device.linear(given.x.tensor, weight: weight, bias: bias)
    let nested = device.linear(given.x.tensor.reshaped(3, 4, 7), weight: weight, bias: bias)
    #expect(flat == nested)
  }
}
