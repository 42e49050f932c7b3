import Encoders
import Foundation
import Tensors
import TestSupport
import Testing
import Text
import Training

/// Guessing hidden words: its gradient, its determinism, and that it can be learned.
@Suite struct MaskedLanguageModelTests {
  private static let objective = MaskedLanguageModel(
    vocabulary: Vocabulary(size: ToyProblem.configuration.vocabularySize), share: 0.4)

  private func evaluate(
    _ model: DenseClassifier, _ batch: LabeledBatch, key: UInt64 = 5, threads: Int = 2
  ) -> (loss: Float, gradients: DenseClassifier) {
    var gradients = model.zeros()
    let dropout = DropoutOptions(hidden: 0.1, attention: 0.1, key: key)
    let loss = Self.objective(
      model, batch, ForwardOptions(dropout: dropout), into: &gradients,
      on: Device(threads: threads))
    return (loss, gradients)
  }

  @Test func theGradientIsTheSlopeOfTheLoss() throws {
    // As in the whole model's gradient test: noise of 32-bit losses, truncation of the difference.
    let (step, noise, truncation): (Float, Double, Double) = (3e-3, 3e-3, 2e-2)
    let model = DenseClassifier.random(ToyProblem.configuration, seed: 1)
    let batch = LabeledBatch(try ToyProblem.examples(6, seed: 4))
    let gradients = evaluate(model, batch).gradients.parameters
    for (index, (name, gradient)) in gradients.enumerated() where !name.hasPrefix("classifier") {
      let length = Double(gradient.elements.reduce(0) { $0 + $1 * $1 }).squareRoot()
      guard length > 0 else { continue }
      func moved(_ distance: Float) -> Double {
        var copy = model
        var place = 0
        copy.forEachParameter(at: "") { _, tensor in
          if place == index {
            for i in 0..<tensor.count { tensor[i] += distance * gradient[i] / Float(length) }
          }
          place += 1
        }
        return Double(evaluate(copy, batch).loss)
      }
      let slope = (moved(step) - moved(-step)) / Double(2 * step)
      #expect(abs(slope - length) < noise + truncation * length, "\(name): \(slope), \(length)")
    }
    let reached = gradients.filter { $0.tensor.elements.contains { $0 != 0 } }.map(\.name)
    #expect(reached.contains("embeddings.word"))
    #expect(reached.contains("layers.1.feedForward.down.weight"))
    #expect(!reached.contains("classifier.weight"))
  }

  @Test func theKeyDecidesWhatIsHiddenWhateverTheThreads() throws {
    let model = DenseClassifier.random(ToyProblem.configuration, seed: 1)
    let batch = LabeledBatch(try ToyProblem.examples(20, seed: 4))
    let one = evaluate(model, batch, threads: 1)
    let three = evaluate(model, batch, threads: 3)
    #expect(one.loss == three.loss)
    #expect(one.gradients == three.gradients)
    #expect(evaluate(model, batch, key: 6).loss != one.loss)
  }

  @Test func aBatchOfSpecialTokensAloneHidesNothing() throws {
    let vocabulary = Vocabulary(size: ToyProblem.configuration.vocabularySize)
    let empty = try EncodedSequence([], vocabulary: vocabulary, maximumLength: 8)
    let batch = LabeledBatch([LabeledSequence(empty, label: 0)])
    let model = DenseClassifier.random(ToyProblem.configuration, seed: 1)
    let (loss, gradients) = evaluate(model, batch)
    #expect(loss == 0)
    #expect(gradients == ToyProblem.model().zeros())
  }

  @Test func hiddenWordsAreLearned() throws {
    var options = ToyProblem.options
    options.epochs = 8
    var losses: [Float] = []
    _ = try trained(
      options, on: try ToyProblem.data(training: 80, validation: 0), objective: Self.objective
    ) { if case .step(_, _, _, let loss, _, _) = $0 { losses.append(loss) } }
    let (early, late) = (losses.prefix(10), losses.suffix(10))
    #expect(late.reduce(0, +) < early.reduce(0, +))
  }
}
