import Tensors
import TestSupport
import Testing

@Suite struct TensorTests {
  private let device = Device(threads: 2)

  @Test func copiesAreChangedApart() {
    let a = Tensor([1, 2, 3, 4], shape: [2, 2])
    var b = a
    b[0] = 9
    var c = b
    c.fill(0)
    var d = a.reshaped(4)
    d[3] = 7
    #expect(a.elements == [1, 2, 3, 4])
    #expect(b.elements == [9, 2, 3, 4])
    #expect(c.elements == [0, 0, 0, 0])
    #expect(d.elements == [1, 2, 3, 7] && d.shape == [4])
  }

  @Test func operationsInPlaceLeaveSharedTensorsAlone() {
    var stream = RandomStream(1)
    let kept = Matrix(random: 65, 33, from: &stream).tensor
    let before = kept.elements
    let ones = Tensor(repeating: 1, shape: [33])
    let gelu = device.gelu(kept)
    let tanh = device.tanh(kept)
    let geluGradient = device.geluBackward(kept, input: kept)
    let tanhGradient = device.tanhBackward(kept, output: kept)
    let softmax = device.softmax(kept)
    let norm = device.layerNorm(
      kept, residual: kept, dropout: .none, weight: ones, bias: ones, epsilon: 1e-5,
      recording: false
    ).output
    var dropped = kept
    device.applyDropout(Dropout(probability: 0.5, key: 1), to: &dropped)
    var sum = kept
    device.add(sum, to: &sum)
    var gated = kept
    device.scaleGroups(&gated, by: [0, 0, 0])
    var scattered = kept
    device.scatterAddRows(kept, at: (0..<65).map { $0 }, to: &scattered)
    #expect(kept.elements == before)
    for changed in [
      gelu, tanh, geluGradient, tanhGradient, softmax, norm, dropped, sum, gated, scattered,
    ] {
      #expect(changed.elements != before && changed.shape == kept.shape)
    }
    #expect(sum == scattered && sum.elements == before.map { 2 * $0 })
  }

  @Test func operationsInPlaceGiveWhatOthersGive() {
    var stream = RandomStream(2)
    let kept = Matrix(random: 65, 33, from: &stream).tensor
    let ones = Tensor(repeating: 1, shape: [33])
    func copy() -> Tensor { Tensor(kept.elements, shape: kept.shape) }
    #expect(device.gelu(copy()) == device.gelu(kept))
    let residual = Matrix(random: 65, 33, from: &stream).tensor
    for isRecording in [false, true] {
      func norm(_ x: consuming Tensor) -> Tensor {
        device.layerNorm(
          x, residual: residual, dropout: Dropout(probability: 0.1, key: 4), weight: ones,
          bias: ones, epsilon: 1e-5, recording: isRecording
        ).output
      }
      #expect(norm(copy()) == norm(kept))
    }
  }

  @Test func equalityIsThatOfBits() {
    #expect(Tensor([.nan], shape: [1]) == Tensor([.nan], shape: [1]))
    #expect(Tensor([0], shape: [1]) != Tensor([-0.0], shape: [1]))
    #expect(Tensor([1, 2], shape: [2]) != Tensor([1, 2], shape: [1, 2]))
    #expect(Tensor(zeros: 0, 3) == Tensor(zeros: 0, 3))
    #expect(Tensor(zeros: 0, 3) != Tensor(zeros: 3, 0))
  }

  @Test func emptyTensorsAreLegal() {
    let empty = Tensor([], shape: [3, 0])
    #expect(empty.count == 0 && empty.elements.isEmpty)
    #expect(empty.reshaped(0, 7).shape == [0, 7])
    #expect(Tensor(repeating: 2, shape: []).elements == [2])
    var filled = empty
    filled.fill(1)
    #expect(filled == empty)
  }

  @Test func mistakesStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = Tensor([1, 2], shape: [3]) }
    await #expect(processExitsWith: .failure) { _ = Tensor(zeros: -1) }
    await #expect(processExitsWith: .failure) { _ = Tensor(zeros: 2)[2] }
    await #expect(processExitsWith: .failure) { _ = Tensor(zeros: 2).reshaped(3) }
    await #expect(processExitsWith: .failure) { _ = Tensor(zeros: 2, 3).rows(at: [2]) }
  }
}
