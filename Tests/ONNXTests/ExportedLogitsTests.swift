import Encoders
import ONNX
import Tensors
import TestSupport
import Testing
import Text

@Suite struct ExportedLogitsTests {
  private let device = Device(threads: 1)

  /// Sequences as rows of one length, padded at the right with a token that a model would notice.
  private func padded(
    _ batch: TokenBatch, _ configuration: EncoderConfiguration, to length: Int
  ) -> [String: Array64] {
    func rows(_ values: [Int32], padding: Double) -> Array64 {
      let elements = batch.lengths.indices.flatMap { index -> [Double] in
        let row = values[batch.offsets[index]..<batch.offsets[index + 1]].map(Double.init)
        return row + Array(repeating: padding, count: length - row.count)
      }
      return Array64(elements, shape: [batch.sequenceCount, length])
    }
    var inputs = [
      "input_ids": rows(batch.ids, padding: 7),
      "attention_mask": rows(batch.ids.map { _ in 1 }, padding: 0),
    ]
    if configuration.tokenTypeCount > 0 {
      inputs["token_type_ids"] = rows(batch.typeIDs, padding: 0)
    }
    return inputs
  }

  private func batch(_ lengths: [Int], for configuration: EncoderConfiguration) -> TokenBatch {
    var batch = TokenBatch.random(lengths: lengths, for: configuration, seed: 3)
    if configuration.tokenTypeCount < 2 { batch.typeIDs = batch.typeIDs.map { _ in 0 } }
    return batch
  }

  @Test(arguments: ModelKind.allCases)
  func theGraphGivesOurLogits(kind: ModelKind) throws {
    let saved = kind.saved
    let graph = try exported(saved).graph
    let configuration = saved.classifier.configuration
    let longest = configuration.maximumLength
    for (lengths, length) in [([1], 1), ([5, 5], 5), ([4, 1, longest, 7], longest), ([3, 2], 6)] {
      let batch = batch(lengths, for: configuration)
      let expected = saved.classifier.forward(batch, on: device).logits
      let outputs = try graph.run(padded(batch, configuration, to: length))
      let found = try #require(outputs["logits"])
      #expect(found.shape == expected.shape)
      let difference = relativeDifference(found.elements, expected.elements.map(Double.init))
      #expect(difference <= Tolerance.parity, "lengths \(lengths)")
    }
  }

  @Test func sequencesOfPaddingAloneGiveNumbers() throws {
    let saved = ModelKind.unevenLayers.saved
    var inputs = padded(
      batch([4, 3], for: saved.classifier.configuration), saved.classifier.configuration, to: 4)
    inputs["attention_mask"] = Array64([1, 1, 1, 1, 0, 0, 0, 0], shape: [2, 4])
    let outputs = try exported(saved).graph.run(inputs)
    let logits = try #require(outputs["logits"])
    #expect(logits.elements.count { $0.isFinite } == 6)
  }

  @Test func sequencesLongerThanThePositionsAreNotComputed() throws {
    let saved = ModelKind.laterPositions.saved
    let configuration = saved.classifier.configuration
    let batch = batch([configuration.maximumLength], for: configuration)
    let inputs = padded(batch, configuration, to: configuration.maximumLength + 1)
    let graph = try exported(saved).graph
    #expect(throws: Misfit.self) { try graph.run(inputs) }
  }
}
