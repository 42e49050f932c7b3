import Tensors
import TestSupport
import Testing

@Suite struct AdamWOperationTests {
  private let device = Device(threads: 2)

  @Test(arguments: [0, 1, 7, 33, 16_385], [0, 0.1])
  func tenStepsAreTheOracles(count: Int, weightDecay: Double) {
    var stream = RandomStream(UInt64(count))
    let start = Matrix(random: 1, count, from: &stream)
    var oracle = Oracle.AdamW(start.elements, learningRate: 1e-2, weightDecay: weightDecay)
    var parameter = start.vector
    var first = Tensor(zeros: count)
    var second = Tensor(zeros: count)
    for number in 1...10 {
      // Gradients of very different size, some exactly zero.
      var gradient = Matrix(random: 1, count, deviation: number % 2 == 0 ? 1e-3 : 1, from: &stream)
      for i in stride(from: 0, to: count, by: 5) { gradient.elements[i] = 0 }
      var taken = gradient.vector
      let step = AdamWStep(
        learningRate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8,
        weightDecay: Float(weightDecay), gradientScale: 0.5, step: number)
      device.adamW(
        step, parameter: &parameter, gradient: &taken, firstMoment: &first, secondMoment: &second)
      oracle.take(gradient.elements.map { $0 / 2 })
      #expect(taken.elements.allSatisfy { $0 == 0 }, "the gradient is cleared")
      let found = parameter.elements.map(Double.init)
      #expect(relativeDifference(found, oracle.parameters) < Tolerance.float)
    }
  }

  @Test func firstStepIsTheLearningRateLong() {
    var parameter = Tensor([1, 1, 1], shape: [3])
    var gradient = Tensor([1e-4, -3, 0], shape: [3])
    var (first, second) = (Tensor(zeros: 3), Tensor(zeros: 3))
    let step = AdamWStep(
      learningRate: 0.125, beta1: 0.9, beta2: 0.999, epsilon: 1e-12, weightDecay: 0,
      gradientScale: 1, step: 1)
    device.adamW(
      step, parameter: &parameter, gradient: &gradient, firstMoment: &first, secondMoment: &second)
    #expect(
      relativeDifference(parameter.elements.map(Double.init), [0.875, 1.125, 1]) < Tolerance.float)
  }

  @Test func sharedTensorsAreLeftAlone() {
    let before = Tensor([1, 2], shape: [2])
    var (parameter, gradient) = (before, before)
    var (first, second) = (before, before)
    let step = AdamWStep(
      learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, gradientScale: 1,
      step: 1)
    device.adamW(
      step, parameter: &parameter, gradient: &gradient, firstMoment: &first, secondMoment: &second)
    #expect(before.elements == [1, 2])
    #expect(parameter.elements != [1, 2] && gradient.elements == [0, 0])
  }

  /// Rows that put steps off end with the bits of those that took each at once, in whatever order
  /// they are asked for.
  @Test(arguments: [1, 64, 70], [0, 0.1 as Float])
  func deferredRowsCatchUpToTheSameBits(width: Int, weightDecay: Float) {
    let rowCount = 37
    var stream = RandomStream(UInt64(width))
    let start = Matrix(random: rowCount, width, from: &stream).tensor
    let zeros = Tensor(zeros: rowCount, width)
    var (dense, denseFirst, denseSecond) = (start, zeros, zeros)
    var (lazy, lazyFirst, lazySecond) = (start, zeros, zeros)
    var deferred = DeferredSteps(rowCount: rowCount)
    for number in 1...12 {
      let rows = (0..<rowCount).filter { ($0 * 7 + number) % 5 == 0 }.map(Int32.init)
      let step = AdamWStep(
        learningRate: 1e-2 / Float(number), beta1: 0.9, beta2: 0.999, epsilon: 1e-8,
        weightDecay: weightDecay, gradientScale: 0.5, step: number)
      var gradient = zeros
      device.scatterAddRows(
        Matrix(random: rows.count, width, from: &stream).tensor, at: rows, to: &gradient)
      var same = gradient
      device.adamW(
        step, parameter: &dense, gradient: &gradient, firstMoment: &denseFirst,
        secondMoment: &denseSecond)
      device.catchUp(
        &deferred, rows: rows, parameter: &lazy, firstMoment: &lazyFirst,
        secondMoment: &lazySecond)
      device.adamW(
        step, rows: rows, deferring: &deferred, parameter: &lazy, gradient: &same,
        firstMoment: &lazyFirst, secondMoment: &lazySecond)
      #expect(same == zeros, "the gradient is cleared")
      #expect(device.gatherRows(lazy, at: rows) == device.gatherRows(dense, at: rows))
      if number % 6 == 0 {
        #expect(lazy != dense && !deferred.isEmpty)
        device.catchUp(
          &deferred, rows: nil, parameter: &lazy, firstMoment: &lazyFirst,
          secondMoment: &lazySecond)
        #expect(lazy == dense && lazyFirst == denseFirst && lazySecond == denseSecond)
        #expect(deferred.isEmpty)
      }
    }
  }

  /// Long enough for moments to die away, which takes another path.
  @Test(arguments: [15, 16, 17, 40, 700], [1e-8, 0.5 as Float])
  func longPausesCatchUpToTheSameBits(pause: Int, epsilon: Float) {
    var stream = RandomStream(UInt64(pause))
    let start = Matrix(random: 3, 70, from: &stream).tensor
    let gradients = Matrix(random: 3, 70, deviation: 1e-3, from: &stream).tensor
    let zeros = Tensor(zeros: 3, 70)
    var (dense, denseFirst, denseSecond) = (start, zeros, zeros)
    var (lazy, lazyFirst, lazySecond) = (start, zeros, zeros)
    var deferred = DeferredSteps(rowCount: 3)
    for number in 1...pause + 1 {
      let step = AdamWStep(
        learningRate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: epsilon, weightDecay: 0.01,
        gradientScale: 1, step: number)
      var (gradient, same) = number == 1 ? (gradients, gradients) : (zeros, zeros)
      device.adamW(
        step, parameter: &dense, gradient: &gradient, firstMoment: &denseFirst,
        secondMoment: &denseSecond)
      device.adamW(
        step, rows: number == 1 ? [0, 1, 2] : [], deferring: &deferred, parameter: &lazy,
        gradient: &same, firstMoment: &lazyFirst, secondMoment: &lazySecond)
    }
    device.catchUp(
      &deferred, rows: nil, parameter: &lazy, firstMoment: &lazyFirst, secondMoment: &lazySecond)
    #expect(lazy == dense && lazyFirst == denseFirst && lazySecond == denseSecond)
    let hasDiedAway = denseFirst.elements.allSatisfy { $0 == 0 }
    #expect(hasDiedAway == (pause == 700), "both paths were taken")
  }
}
