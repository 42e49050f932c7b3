import Synchronization
import Tensors
import TestSupport
import Testing

@Suite struct DeviceTests {
  /// The results of every operation, forward and backward, at sizes that several threads share.
  private static func everything(on device: Device) -> [Tensor] {
    var stream = RandomStream(1)
    let lengths = [130, 1, 65, 33]
    let (rows, width) = (229, 96)
    let x = Matrix(random: rows, width, from: &stream).tensor
    let dY = Matrix(random: rows, 3 * width, from: &stream).tensor
    let weight = Matrix(random: 3 * width, width, deviation: 0.1, from: &stream).tensor
    let bias = Matrix(random: 1, 3 * width, from: &stream).vector
    let dropout = Dropout(probability: 0.2, key: 3)
    let y = device.linear(x, weight: weight, bias: bias)
    let packed = device.linear(x, packed: PackedWeight(weight, on: device), bias: bias)
    var (dWeight, dBias) = (Tensor(zeros: 3 * width, width), Tensor(zeros: 3 * width))
    let dX = device.linearBackward(
      dY, input: x, weight: weight, adding: x, weightGradient: &dWeight, biasGradient: &dBias)
    let shape = AttentionShape(
      offsets: SequenceOffsets(lengths: lengths), headCount: 6, headSize: 16, dropout: dropout)
    let (context, kept) = device.attention(y, shape, recording: true)
    let probabilities = kept ?? Tensor(zeros: 0)
    let dQueryKeyValue = device.attentionBackward(
      x, queryKeyValue: y, probabilities: probabilities, shape)
    let (gain, shift) = (x.rows(at: [0]).reshaped(width), x.rows(at: [1]).reshaped(width))
    var (normalized, cache) = device.layerNorm(
      context, residual: x, dropout: dropout, weight: gain, bias: shift, epsilon: 1e-5,
      recording: true)
    var (dGain, dShift) = (Tensor(zeros: width), Tensor(zeros: width))
    var dNorm: [Tensor] = []
    if let cache {
      let gradients = device.layerNormBackward(
        x, cache, weight: gain, weightGradient: &dGain, biasGradient: &dShift)
      dNorm = [gradients.dX, gradients.dResidual]
    }
    cache = nil
    device.applyDropout(dropout, to: &normalized)
    var (parameter, gradient) = (dWeight, dWeight)
    var (first, second) = (dWeight, device.softmax(dWeight))
    let squares = Float(device.sumOfSquares(y))
    device.adamW(
      AdamWStep(
        learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1,
        gradientScale: 0.5, step: 3),
      parameter: &parameter, gradient: &gradient, firstMoment: &first, secondMoment: &second)
    return [
      y, packed, dWeight, dBias, dX, context, probabilities, dQueryKeyValue, normalized, dGain,
      dShift, device.gelu(y), device.geluBackward(dY, input: y), device.softmax(y), parameter,
      first, second, Tensor([squares], shape: [1]),
      device.groupProducts(x, context, shape.queries, groups: 6),
      device.groupProducts(x, context, shape.queries, groups: width),
    ] + dNorm
  }

  @Test(arguments: [2, 3, 5])
  func everyNumberOfThreadsGivesTheSameBits(threads: Int) {
    let expected = Self.everything(on: Device(threads: 1))
    let found = Self.everything(on: Device(threads: threads))
    for (index, pair) in zip(found, expected).enumerated() {
      #expect(pair.0 == pair.1, "result \(index)")
    }
  }

  @Test func manyTasksShareOneDevice() async {
    let device = Device(threads: 3)
    let expected = Self.everything(on: Device(threads: 1))
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask { (0..<10).allSatisfy { _ in Self.everything(on: device) == expected } }
      }
      for await isSame in group { #expect(isSame) }
    }
  }

  @Test(arguments: [1, 2, 3, 5])
  func forEachVisitsEachIndexOnce(threads: Int) {
    let device = Device(threads: threads)
    for count in [0, 1, 2, 7, 1000] {
      let visits = Mutex([Int](repeating: 0, count: count))
      device.forEach(count) { index in visits.withLock { $0[index] += 1 } }
      #expect(visits.withLock { $0 } == Array(repeating: 1, count: count))
    }
  }

  @Test func aGreatManyPiecesAreDoneToo() {
    let visits = Mutex(0)
    let count = 1 << 24  // one more than the pool's ticket can say
    Device(threads: 2).forEach(count) { _ in visits.withLock { $0 += 1 } }
    #expect(visits.withLock { $0 } == count)
  }

  @Test(arguments: [1, 2, 3, 5])
  func mapKeepsTheOrder(threads: Int) {
    let device = Device(threads: threads)
    #expect(device.map(1000) { $0 * $0 } == (0..<1000).map { $0 * $0 })
    #expect(device.map(0) { $0 } == [])
  }

  @Test func mapKeepsResultsThatAreNothing() {
    let found: [Int?] = Device(threads: 2).map(4) { $0 % 2 == 0 ? $0 : nil }
    #expect(found == [0, nil, 2, nil])
  }

  @Test(arguments: [1, 2, 5])
  func operationsWithinPiecesGiveTheSameBits(threads: Int) {
    let device = Device(threads: threads)
    let expected = Self.everything(on: device)
    #expect(device.map(6) { _ in Self.everything(on: device) == expected }.allSatisfy { $0 })
    let nested = device.map(4) { outer in device.map(3) { inner in 10 * outer + inner } }
    #expect(nested == [[0, 1, 2], [10, 11, 12], [20, 21, 22], [30, 31, 32]])
  }

  @Test func devicesComeAndGo() {
    for round in 0..<50 {
      let device = Device(threads: 1 + round % 5)
      #expect(device.map(10) { $0 }.count == 10)
    }
  }

  @Test func machineIsDescribed() {
    #expect(Device.library.hasPrefix("oneDNN "))
    #expect(Device.peakMemory > 1 << 20)
    #expect(Device(threads: 3).threads == 3)
  }
}
