import Checkpoints
import Encoders
import Foundation
import Tensors
import TestSupport
import Testing
import Text

/// Models most of whose weights are zero.
@Suite struct SparseClassifierTests {
  /// The model of the other tests with 9 of 10 blocks of 4×1 of its layers' matrices cut.
  private func sparseClassifier() throws -> SavedClassifier {
    var saved = try savedClassifier()
    var stream = RandomStream(11)
    saved.classifier.forEachParameter(at: "") { name, tensor in
      guard name.hasPrefix("layers."), tensor.shape.count == 2 else { return }
      let columns = tensor.shape[1]
      for row in stride(from: 0, to: tensor.shape[0], by: 4) {
        for column in 0..<columns where stream.uniform() >= 0.1 {
          for each in row..<min(row + 4, tensor.shape[0]) { tensor[each * columns + column] = 0 }
        }
      }
    }
    return saved
  }

  @Test func savingAndLoadingIsTheIdentity() throws {
    let saved = try sparseClassifier()
    try withTemporaryFolder { folder in
      try saved.write(to: folder)
      #expect(try SavedClassifier(contentsOf: folder).classifier == saved.classifier)
      let file = folder.appending(path: "model.safetensors")
      let bytes = try Data(contentsOf: file)
      try SavedClassifier(contentsOf: folder).write(to: folder)
      #expect(try Data(contentsOf: file) == bytes)
    }
  }

  @Test func layersTakeLessRoom() throws {
    let saved = try sparseClassifier()
    let configuration = saved.classifier.configuration
    func bytes(_ saved: SavedClassifier) throws -> (stored: Cost.Parts, masks: Cost.Parts) {
      try withTemporaryFolder { folder in
        try saved.write(to: folder, as: .f16)
        let files = try TensorFiles(contentsOf: folder)
        return (
          configuration.storedBytes(in: files, family: nil),
          configuration.storedMaskBytes(in: files, family: nil)
        )
      }
    }
    let (sparse, dense) = (try bytes(saved), try bytes(savedClassifier()))
    #expect(sparse.stored.embeddings == dense.stored.embeddings)
    #expect(sparse.stored.attention * 2 < dense.stored.attention)
    #expect(sparse.stored.feedForward * 2 < dense.stored.feedForward)
    #expect(dense.stored.total == 2 * saved.classifier.parameterCount && dense.masks.total == 0)
    #expect(sparse.masks.feedForward > 0 && sparse.masks.embeddings == 0)
  }

  @Test func packedProductsOfSparseWeightsGiveTheSameLogits() throws {
    let saved = try sparseClassifier()
    let device = Device(threads: 2)
    let sequences = try ["a slow film", "charming music in the city", "a dog"].map {
      try EncodedSequence(
        saved.tokenizer.encode($0), vocabulary: saved.tokenizer.vocabulary, maximumLength: 16)
    }
    let packed = saved.classifier.packed(on: device).logits(sequences, on: device)
    let plain = saved.classifier.logits(sequences, on: device)
    #expect(largestDifference(packed, plain) < Float(Tolerance.float))
    #expect(packed == saved.classifier.packed(on: device).logits(sequences, on: device))
  }
}
