import Foundation
import Tensors
import TestSupport
import Testing
import Text
import Training

@Suite struct CrossEntropyTests {
  private func batch(labels: [Int]) throws -> LabeledBatch {
    let sequence = try EncodedSequence([], vocabulary: Vocabulary(size: 5), maximumLength: 2)
    return LabeledBatch(labels.map { LabeledSequence(sequence, label: $0) })
  }

  @Test(arguments: [Float(0), 0.1, 0.5], [1, 2, 5])
  func valueAndGradientAreTheOracles(smoothing: Float, labelCount: Int) throws {
    var stream = RandomStream(1)
    let logits = Matrix(random: 7, labelCount, deviation: 3, from: &stream)
    let labels = (0..<7).map { $0 % labelCount }
    let (value, gradient) = CrossEntropy(labelSmoothing: smoothing)(
      logits.tensor, try batch(labels: labels))
    let expected = Oracle.crossEntropy(logits, labels: labels, smoothing: Double(smoothing))
    #expect(abs(Double(value) - expected.value) < Tolerance.element * max(1, expected.value))
    // With one label, or a right guess, the gradient is a difference of equal numbers near 1.
    for (found, expected) in zip(gradient.elements, expected.gradient.elements) {
      #expect(abs(Double(found) - expected) < Tolerance.element)
    }
  }

  @Test func equalLogitsLoseTheLogarithmOfTheLabelCount() throws {
    let (value, gradient) = CrossEntropy()(Tensor(zeros: 1, 4), try batch(labels: [2]))
    #expect(abs(value - Float(log(4.0))) < 1e-6)
    #expect(gradient.elements == [0.25, 0.25, -0.75, 0.25])
  }

  @Test func certaintyIsSafeRightOrWrong() throws {
    let logits = Tensor([1000, -1000, 1000, -1000], shape: [2, 2])
    let (value, gradient) = CrossEntropy()(logits, try batch(labels: [0, 1]))
    #expect(value == 1000)
    #expect(gradient.elements == [0, 0, 0.5, -0.5])
  }

  @Test func logSoftmaxSumsToOne() {
    let found = logSoftmax([1, 2, 3]).map { exp($0) }
    #expect(abs(found.reduce(0, +) - 1) < 1e-12)
    #expect(relativeDifference(found, Oracle.softmax([1, 2, 3])) < 1e-12)
    #expect(logSoftmax([]) == [] && logSoftmax([7]) == [0])
  }
}
