import Encoders
import Foundation
import Tensors
import TestSupport
import Testing
import Text
import Training

@Suite struct PredictionsTests {
  private let predictions = Predictions(
    logits: [[2, 1, 0], [0, 3, 3], [1, 1, 1], [0, 0, 5], [9, 0, 0]], labels: [0, 2, 1, 2, 0])

  @Test func answersAreTheHighestLogitsAndTheFirstAmongEquals() {
    #expect(predictions.answers == [0, 1, 0, 2, 0])
    #expect(predictions.isCorrect == [true, false, false, true, true])
    #expect(predictions.accuracy == 0.6)
  }

  /// By hand. Label 0: answered 3, there 2, both 2: 4/5. Label 1: answered 1, there 1, both 0: 0.
  /// Label 2: answered 1, there 2, both 1: 2/3.
  @Test func f1IsTheMeanOverTheLabels() {
    #expect(abs(predictions.f1 - (0.8 + 0 + 2.0 / 3) / 3) < 1e-12)
  }

  @Test func aLabelThatIsNowhereCountsAsNothing() {
    let found = Predictions(logits: [[1, 0, 0], [0, 1, 0]], labels: [0, 1])
    #expect(found.accuracy == 1 && abs(found.f1 - 2.0 / 3) < 1e-12)
  }

  @Test func lossIsTheMeanSurprise() {
    let e = exp(1.0)
    let losses = [
      log(e * e + e + 1) - 2, log(1 + 2 * exp(3.0)) - 3, log(3.0), log(2 + exp(5.0)) - 5,
      log(2 + exp(9.0)) - 9,
    ]
    #expect(abs(predictions.loss - losses.reduce(0, +) / 5) < 1e-12)
  }

  @Test func nothingScoresNothing() {
    let nothing = Predictions(logits: [], labels: [])
    #expect(nothing.accuracy == 0 && nothing.loss == 0 && nothing.f1 == 0)
  }

  @Test func packedAndDenseModelsAnswerAlike() throws {
    let device = Device(threads: 2)
    let model = DenseClassifier.random(ToyProblem.configuration, seed: 4)
    let examples = try ToyProblem.examples(30, seed: 5)
    let dense = Predictions(of: model, on: examples, device: device)
    let packed = Predictions(of: model.packed(on: device), on: examples, device: device)
    #expect(dense.labels == examples.map(\.label))
    #expect(largestDifference(packed.logits, dense.logits) < Float(Tolerance.parity))
  }
}
