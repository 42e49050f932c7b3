import Checkpoints
import Encoders
import Foundation
import Tensors
import TestSupport
import Testing
import Text
import Training

/// Imported checkpoints compute what `transformers` does, in double precision.
@Suite struct HuggingFaceParityTests {
  private let device = Device(threads: 2)

  @Test(arguments: ModelFamily.allCases)
  func logitsLossAndEveryGradientAreTheLibrarys(family: ModelFamily) throws {
    let fixture = try HuggingFaceFixture(family)
    let saved = try SavedClassifier(contentsOf: fixture.folder)
    #expect(saved.family == family && saved.notes.isEmpty)
    #expect(saved.labelNames == ["negative", "neutral", "positive"])
    let (model, batch) = (saved.classifier, try fixture.batch())
    let trace = model.forward(batch, options: ForwardOptions(isRecording: true), on: device)
    #expect(try fixture.isClose(trace.logits, "logits"))
    #expect(
      try fixture.isClose(model.packed(on: device).forward(batch, on: device).logits, "logits"))

    let sequence = try saved.tokenizer.encode("", maximumLength: 8)
    let labeled = LabeledBatch(
      try fixture.labels().map { LabeledSequence(sequence, label: $0) })
    let (loss, dLogits) = CrossEntropy()(trace.logits, labeled)
    #expect(try fixture.isClose(Tensor([loss], shape: [1]), "loss"))
    var gradients = model.zeros()
    model.backward(TraceGradient(logits: dLogits), trace, into: &gradients, on: device)
    // The library's gradients have the names and shapes of its weights: they are read as a model.
    let expected = try fixture.withCopy(weights: "gradients.safetensors") { folder in
      try SavedClassifier(contentsOf: folder).classifier
    }
    for (found, expected) in zip(gradients.parameters, expected.parameters) {
      #expect(
        relativeDistance(found.tensor, expected.tensor) < Tolerance.parity, "\(found.name)")
    }
  }

  /// The family cannot express a layer with fewer heads; it can express one whose values are zero.
  @Test(arguments: ModelFamily.allCases)
  func aCutHeadIsOneThatTheLibraryHasClosed(family: ModelFamily) throws {
    let fixture = try HuggingFaceFixture(family)
    let model = try SavedClassifier(contentsOf: fixture.folder).classifier
    let shape = model.configuration.layers[0]
    let kept = Array(shape.headSize..<shape.attentionSize)
    var attention = model.layers[0].attention
    let rows = (0..<3).flatMap { part in kept.map { part * shape.attentionSize + $0 } }
    attention.queryKeyValue = Linear(
      weight: attention.queryKeyValue.weight.rows(at: rows),
      bias: attention.queryKeyValue.bias.rows(at: rows))
    attention.output = Linear(
      weight: attention.output.weight.columns(at: kept), bias: attention.output.bias)
    var (configuration, layers) = (model.configuration, model.layers)
    configuration.layers[0].headCount -= 1
    layers[0].attention = attention
    let cut = DenseClassifier(
      configuration, embeddings: model.embeddings, layers: layers, pooler: model.pooler,
      classifier: model.classifier)
    let logits = cut.forward(try fixture.batch(), on: device).logits
    #expect(try fixture.isClose(logits, "closed.logits"))
  }

  /// The norm of the difference as a part of the norm of what is expected. A key's bias changes no
  /// softmax, so its gradient is nothing but rounding; it lies in one tensor with the others'.
  private func relativeDistance(_ found: Tensor, _ expected: Tensor) -> Double {
    guard found.shape == expected.shape else { return .infinity }
    func norm(_ values: [Float]) -> Double {
      values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    let difference = zip(found.elements, expected.elements).map { $0 - $1 }
    return norm(difference) / max(norm(expected.elements), 1e-30)
  }
}
