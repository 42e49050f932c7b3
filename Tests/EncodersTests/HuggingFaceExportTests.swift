import Checkpoints
import Encoders
import Foundation
import Tensors
import TestSupport
import Testing
import Text

/// Models as folders for `transformers`, read again.
@Suite struct HuggingFaceExportTests {
  private let device = Device(threads: 1)

  private func weights(_ folder: URL) throws -> [String: Tensor] {
    let files = try TensorFiles(contentsOf: folder)
    return Dictionary(uniqueKeysWithValues: try files.names.map { ($0, try files.tensor($0)) })
  }

  @Test(arguments: ModelFamily.allCases)
  func everyTensorOfAnImportedCheckpointComesBack(family: ModelFamily) throws {
    let fixture = try HuggingFaceFixture(family)
    let saved = try SavedClassifier(contentsOf: fixture.folder)
    try withTemporaryFolder { folder in
      let export = try HuggingFaceExport(saved)
      #expect(export.family == family && export.notes.isEmpty && !export.isFilled)
      try export.write(to: folder)
      #expect(try weights(folder) == weights(fixture.folder))
      let again = try SavedClassifier(contentsOf: folder)
      #expect(again.classifier == saved.classifier && again.labelNames == saved.labelNames)
      #expect(again.family == family && again.notes.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "pare").path))
      // Once more gives the same bytes.
      let file = folder.appending(path: "model.safetensors")
      let first = try Data(contentsOf: file)
      try HuggingFaceExport(again).write(to: folder)
      #expect(try Data(contentsOf: file) == first)
    }
  }

  /// Import, export and import again: how long texts are truncated stays what the files say.
  @Test(arguments: [ModelFamily.bert, .xlmRoBERTa])
  func truncationComesBack(family: ModelFamily) throws {
    try HuggingFaceFixture(family).withCopy { copy in
      let settings = #"{"truncation_side":"left","truncation_strategy":"only_second"}"#
      try Data(settings.utf8).write(to: copy.appending(path: "tokenizer_config.json"))
      let saved = try SavedClassifier(contentsOf: copy)
      let expected = Truncation(side: .left, strategy: .onlySecond)
      #expect(saved.tokenizer.vocabulary.truncation == expected)
      try withTemporaryFolder { folder in
        try HuggingFaceExport(saved).write(to: folder)
        let again = try SavedClassifier(contentsOf: folder)
        #expect(again.tokenizer.vocabulary == saved.tokenizer.vocabulary)
        try again.write(to: copy)
        #expect(
          try SavedClassifier(contentsOf: copy).tokenizer.vocabulary.truncation == expected)
      }
    }
  }

  @Test(arguments: ElementType.allCases)
  func numbersAreStoredAsAsked(type: ElementType) throws {
    let saved = try SavedClassifier(contentsOf: HuggingFaceFixture(.bert).folder)
    try withTemporaryFolder { folder in
      try HuggingFaceExport(saved).write(to: folder, as: type)
      let files = try TensorFiles(contentsOf: folder)
      #expect(files.names.allSatisfy { files.type(of: $0)?.elementType == type })
      let json = try JSONSerialization.jsonObject(
        with: Data(contentsOf: folder.appending(path: "config.json")))
      let fields = try #require(json as? [String: Any])
      let names: [ElementType: String] = [.f32: "float32", .f16: "float16", .bf16: "bfloat16"]
      #expect(fields["dtype"] as? String == names[type])
      #expect(fields["label2id"] as? [String: Int] == ["negative": 0, "neutral": 1, "positive": 2])
    }
  }

  /// Layers that differ, hidden sizes that heads do not fill, no heads, no neurons, no layers.
  @Test(arguments: EncoderConfiguration.tiny)
  func unevenModelsAreFilledAndKeepTheirLogits(configuration: EncoderConfiguration) throws {
    var configuration = configuration
    configuration.vocabularySize = 300
    configuration.labelCount = 3
    var saved = try savedClassifier()
    saved.classifier = .random(configuration, seed: 4)
    let export = try HuggingFaceExport(saved)
    #expect(export.isFilled == !configuration.layers.isEmpty)
    try withTemporaryFolder { folder in
      try export.write(to: folder)
      let filled = try SavedClassifier(contentsOf: folder).classifier
      #expect(Set(filled.configuration.layers).count <= 1)
      for layer in filled.configuration.layers {
        #expect(layer.attentionSize == configuration.hiddenSize)
      }
      let batch = TokenBatch.random(lengths: [1, 9, 30], for: configuration, seed: 5)
      let (before, after) = (
        saved.classifier.forward(batch, on: device).logits, filled.forward(batch, on: device).logits
      )
      #expect(relativeDifference(after, before) < Tolerance.float)
      guard export.isFilled else { return }
      #expect(export.notes.contains { $0.contains("filled with zeros") })
      let real = try SavedClassifier(contentsOf: folder.appending(path: "pare"))
      #expect(real.classifier == saved.classifier && real.card == saved.card)
    }
  }

  @Test func theRowsThatAModelWithoutTypesLacksAreZero() throws {
    var configuration = try SavedClassifier(
      contentsOf: HuggingFaceFixture(.bert).folder
    ).classifier.configuration
    var saved = try savedClassifier()
    (configuration.tokenTypeCount, configuration.vocabularySize) = (0, 300)
    saved.classifier = .random(configuration, seed: 1)
    let export = try HuggingFaceExport(saved)
    #expect(export.family == .bert && export.isFilled)
    try withTemporaryFolder { folder in
      try export.write(to: folder)
      let filled = try SavedClassifier(contentsOf: folder).classifier
      #expect(filled.embeddings.tokenType == Tensor(zeros: 2, 24))
    }
  }

  /// What is changed about a model, and what the message must name.
  @Test(arguments: [
    ("types", "no token types"), ("epsilon", "1e-12"), ("positions", "padding"),
    ("width", "heads that fit"),
  ])
  func whatNoFamilyHasIsRefused(change: String, fragment: String) throws {
    var saved = try savedClassifier()
    let layer = LayerShape(
      headCount: 3, headSize: change == "width" ? 9 : 8, intermediateSize: 4)
    let hasReLU = change == "types" || change == "epsilon"
    saved.classifier = .random(
      EncoderConfiguration(
        vocabularySize: 300, hiddenSize: 24, maximumPositions: 16,
        firstPosition: change == "positions" ? 5 : 0,
        tokenTypeCount: change == "epsilon" ? 0 : 2, labelCount: 3,
        poolerActivation: hasReLU ? .relu : .tanh,
        layerNormEpsilon: change == "epsilon" ? 1e-5 : 1e-12, layers: [layer]), seed: 1)
    let error = #expect(throws: ExportError.self) { try HuggingFaceExport(saved) }
    let text = try #require(error).description
    #expect(text.contains(fragment) && text.contains("found") && text.contains("onnx"))
  }

  /// The file is compared with SentencePiece by hand: this holds what that comparison was of.
  @Test func aUnigramModelIsWrittenForTheLibraryToo() throws {
    let saved = try savedClassifier()
    try withTemporaryFolder { folder in
      try HuggingFaceExport(saved).write(to: folder)
      let json = try JSONSerialization.jsonObject(
        with: Data(contentsOf: folder.appending(path: "tokenizer.json")))
      let fields = try #require(json as? [String: Any])
      let model = try #require(fields["model"] as? [String: Any])
      let pieces = try #require(model["vocab"] as? [[Any]])
      let names = (0..<Int32(saved.tokenizer.vocabulary.size)).map(saved.tokenizer.piece)
      #expect(pieces.map { $0[0] as? String } == names)
      #expect(model["type"] as? String == "Unigram" && model["byte_fallback"] as? Bool == true)
      #expect(model["unk_id"] as? Int == Int(saved.tokenizer.vocabulary.unknown))
      let normalizer = try #require(fields["normalizer"] as? [String: Any])
      let steps = try #require(normalizer["normalizers"] as? [[String: Any]])
      #expect(steps.map { $0["type"] as? String } == ["Precompiled", "Replace", "Replace"])
      let again = try SavedClassifier(contentsOf: folder).tokenizer
      #expect(try again.files() == saved.tokenizer.files(), "ours reads tokenizer.model")
    }
  }

  @Test func aBytePairModelIsNotAndANoteSaysSo() throws {
    var saved = try savedClassifier()
    saved.tokenizer = try SentencePieceTokenizer.train(
      on: ["the film is a slow and tedious journey", "the acting and the music are charming"],
      options: SentencePieceOptions(vocabularySize: 290, algorithm: .bytePair))
    let export = try HuggingFaceExport(saved)
    #expect(export.notes.contains { $0.contains("cannot tokenize") })
    try withTemporaryFolder { folder in
      try export.write(to: folder)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(names.contains("tokenizer.model") && !names.contains("tokenizer.json"))
    }
  }
}
