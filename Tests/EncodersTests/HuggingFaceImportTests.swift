import Checkpoints
import Encoders
import Foundation
import Tensors
import TestSupport
import Testing
import Text

/// Checkpoints as different releases and tasks left them.
@Suite struct HuggingFaceImportTests {
  private let device = Device(threads: 1)

  /// Reads a family's checkpoint after `change` was done to a copy of it.
  private func read(
    _ family: ModelFamily = .bert, seed: UInt64 = 0, _ change: (URL) throws -> Void
  ) throws -> SavedClassifier {
    try HuggingFaceFixture(family).withCopy { folder in
      try change(folder)
      return try SavedClassifier(contentsOf: folder, seed: seed)
    }
  }

  private func original(_ family: ModelFamily = .bert) throws -> DenseClassifier {
    try SavedClassifier(contentsOf: HuggingFaceFixture(family).folder).classifier
  }

  @Test(arguments: ModelFamily.allCases)
  func theConfigurationIsThatOfTheFamily(family: ModelFamily) throws {
    let layer = LayerShape(headCount: 3, headSize: 8, intermediateSize: 20)
    let expected = EncoderConfiguration(
      vocabularySize: 48, hiddenSize: 24, maximumPositions: family == .xlmRoBERTa ? 18 : 16,
      firstPosition: family == .xlmRoBERTa ? 2 : 0,
      tokenTypeCount: family == .bert ? 2 : family == .distilBERT ? 0 : 1, labelCount: 3,
      poolerActivation: family == .distilBERT ? .relu : .tanh,
      layerNormEpsilon: family == .xlmRoBERTa ? 1e-5 : 1e-12, layers: [layer, layer])
    #expect(try original(family).configuration == expected)
  }

  /// Half precision keeps 11 bits: 5e-4 of each number; bfloat16 keeps 8: 4e-3.
  @Test(arguments: [(ElementType.f16, 5e-4), (.bf16, 4e-3)])
  func halfPrecisionIsWidened(type: ElementType, rounding: Double) throws {
    let saved = try read { try rewriteWeights($0, as: type) }
    for (a, b) in zip(saved.classifier.parameters, try original().parameters) {
      #expect(relativeDifference(a.tensor, b.tensor) <= rounding, "\(a.name)")
    }
  }

  @Test func shardsAreOneCheckpoint() throws {
    let saved = try read { folder in
      let single = folder.appending(path: "model.safetensors")
      let file = try SafetensorsFile(contentsOf: single)
      var places: [String: String] = [:]
      for part in 0..<2 {
        let shard = "model-0000\(part + 1)-of-00002.safetensors"
        let names = file.names.enumerated().filter { $0.offset % 2 == part }.map(\.element)
        for name in names { places[name] = shard }
        try SafetensorsFile.write(
          names.map { ($0, try file.tensor($0)) }, to: folder.appending(path: shard))
      }
      try JSONSerialization.data(withJSONObject: ["weight_map": places])
        .write(to: folder.appending(path: "model.safetensors.index.json"))
      try FileManager.default.removeItem(at: single)
    }
    #expect(try saved.classifier == original() && saved.notes.isEmpty)
  }

  @Test func gammaAndBetaAreTheFirstReleasesNames() throws {
    let saved = try read { folder in
      try rewriteWeights(folder) { tensors in
        tensors = tensors.map { name, tensor in
          (
            name.replacing("LayerNorm.weight", with: "LayerNorm.gamma")
              .replacing("LayerNorm.bias", with: "LayerNorm.beta"), tensor
          )
        }
      }
    }
    #expect(try saved.classifier == original() && saved.notes.isEmpty)
  }

  /// As the library saves an encoder without a head.
  @Test(arguments: ModelFamily.allCases)
  func anEncoderAloneGetsANewHeadFromTheSeed(family: ModelFamily) throws {
    func encoder(_ seed: UInt64, pooler: Bool) throws -> SavedClassifier {
      try read(family, seed: seed) { folder in
        try rewriteWeights(folder) { tensors in
          tensors = tensors.compactMap { name, tensor in
            let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
            let isEncoder = ["bert", "distilbert", "roberta"].contains(parts[0])
            return isEncoder && (pooler || !name.contains("pooler")) ? (parts[1], tensor) : nil
          }
        }
        try editConfiguration(folder) { $0["architectures"] = ["BertModel"] }
      }
    }
    let (found, original) = (try encoder(3, pooler: family == .bert), try original(family))
    for (a, b) in zip(found.classifier.parameters, original.parameters)
    where a.name.hasPrefix("embeddings") || a.name.hasPrefix("layers") {
      #expect(a.tensor == b.tensor, "\(a.name)")
    }
    let head = found.classifier
    #expect(head.classifier.bias == Tensor(zeros: 3))
    let magnitude = head.classifier.weight.elements.map(abs).max() ?? 0
    #expect(magnitude > 0.005 && magnitude <= 0.04, "deviation 0.02, truncated at two")
    #expect((head.pooler == original.pooler) == (family == .bert))
    #expect(found.notes.count == 1 && found.notes[0].contains("seed 3"))
    #expect(found.notes[0].contains("classifier"))
    #expect(try encoder(3, pooler: family == .bert).classifier == head)
    let other = try encoder(4, pooler: false)
    #expect(other.classifier.classifier != head.classifier)
    #expect(other.classifier.pooler != original.pooler && other.notes[0].contains("pooler and"))
  }

  @Test func partsOfOtherTasksAreLeftOutAndNamed() throws {
    let saved = try read { folder in
      try rewriteWeights(folder) { tensors in
        tensors.append(("cls.predictions.bias", Tensor(zeros: 48)))
        tensors.append(("bert.embeddings.position_ids", Tensor(zeros: 1, 16)))
      }
    }
    #expect(try saved.classifier == original())
    #expect(saved.notes.count == 1)
    for name in ["cls.predictions.bias", "bert.embeddings.position_ids"] {
      #expect(saved.notes[0].contains(name))
    }
  }

  @Test func unknownKeysAreNamedAndHarmlessOnesAreNot() throws {
    let saved = try read { folder in
      try editConfiguration(folder) { fields in
        fields["use_cache"] = true
        fields["gradient_checkpointing"] = false
        fields["moon_phase"] = ["full": 1]
      }
    }
    #expect(saved.notes.count == 1 && saved.notes[0].contains("moon_phase"))
    #expect(!saved.notes[0].contains("use_cache"))
  }

  @Test func labelsWithoutNamesAreNumbered() throws {
    let saved = try read { folder in
      try editConfiguration(folder) { fields in
        fields["id2label"] = nil
        fields["num_labels"] = 3
      }
    }
    #expect(saved.labelNames == ["LABEL_0", "LABEL_1", "LABEL_2"])
    let two = try read { folder in
      try rewriteWeights(folder) { $0.removeAll { $0.name.hasPrefix("classifier") } }
      try editConfiguration(folder) { $0["id2label"] = NSNull() }
    }
    #expect(two.labelNames == ["LABEL_0", "LABEL_1"])
  }

  @Test func anImportedModelIsSavedAndReadAsOurOwn() throws {
    for family in ModelFamily.allCases {
      let saved = try SavedClassifier(contentsOf: HuggingFaceFixture(family).folder)
      try withTemporaryFolder { folder in
        try saved.write(to: folder)
        let loaded = try SavedClassifier(contentsOf: folder)
        #expect(loaded.classifier == saved.classifier && loaded.labelNames == saved.labelNames)
        #expect(loaded.family == nil && loaded.notes.isEmpty)
        let text = "a good film was not bad"
        #expect(try loaded.tokenizer.encode(text) == saved.tokenizer.encode(text))
      }
    }
  }

  @Test func parameterShapesAreThoseOfTheModel() throws {
    for configuration in EncoderConfiguration.tiny {
      let model = DenseClassifier(configuration, seed: 1)
      let shapes = configuration.parameterShapes
      #expect(model.parameters.map(\.name) == shapes.map(\.name))
      #expect(model.parameters.map(\.tensor.shape) == shapes.map(\.shape))
    }
  }

  @Test func bytesByPartFollowTheFamilysNames() throws {
    for family in ModelFamily.allCases {
      let folder = try HuggingFaceFixture(family).folder
      let configuration = try original(family).configuration
      let bytes = configuration.storedBytes(
        in: try TensorFiles(contentsOf: folder), family: family)
      let counts = configuration.cost(sequenceLength: 1).parameters
      #expect(
        bytes
          == Cost.Parts(
            embeddings: 4 * counts.embeddings, attention: 4 * counts.attention,
            feedForward: 4 * counts.feedForward, head: 4 * counts.head))
    }
  }
}
