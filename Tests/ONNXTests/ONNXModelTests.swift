import Checkpoints
import Encoders
import Foundation
import ONNX
import Testing
import Text

@Suite struct ONNXModelTests {
  @Test func theMetadataSaysWhatTheGraphDoesNot() throws {
    let saved = ModelKind.unevenLayers.saved
    let model = try exported(saved)
    var entries: [String: Data] = [:]
    for entry in model.metadataProps { entries[entry.key] = Data(entry.value.utf8) }
    func decoded<Value: Decodable>(_ key: String, as type: Value.Type) throws -> Value {
      try JSONDecoder().decode(type, from: try #require(entries["pare.\(key)"], "\(key)"))
    }
    #expect(entries.count == model.metadataProps.count && entries.count == 7)
    let configuration = saved.classifier.configuration
    #expect(try decoded("labels", as: [String].self) == saved.labelNames)
    #expect(try decoded("hiddenSize", as: Int.self) == configuration.hiddenSize)
    #expect(try decoded("layers", as: [LayerShape].self) == configuration.layers)
    #expect(try decoded("maximumLength", as: Int.self) == configuration.maximumLength)
    #expect(try decoded("tokenizer", as: String.self) == "LetterTokenizer")
    #expect(try decoded("vocabulary", as: Vocabulary.self) == saved.tokenizer.vocabulary)
    #expect(try decoded("card", as: ModelCard.self) == saved.card)
    #expect(model.producerName == "pare" && model.producerVersion == "7.8.9")
    #expect(!model.docString.isEmpty)
  }

  @Test func writingTwiceGivesTheSameBytes() throws {
    try withTemporaryFolder { folder in
      let urls = ["a.onnx", "new/b.onnx"].map { folder.appending(path: $0) }
      for url in urls {
        try ONNXModel(ModelKind.oneLayer.saved, producerVersion: "1").write(to: url)
      }
      let first = try Data(contentsOf: urls[0])
      #expect(try Data(contentsOf: urls[1]) == first)
      try ONNXModel(ModelKind.oneLayer.saved, producerVersion: "1").write(to: urls[1])
      #expect(try Data(contentsOf: urls[1]) == first)
    }
  }

  @Test func filesThatProtobufDoesNotAllowAreRefusedBeforeAnythingIsWritten() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "model.onnx")
      let model = try ONNXModel(ModelKind.oneLayer.saved)
      try model.write(to: url)
      let bytes = try Data(contentsOf: url)
      try model.write(to: url, limit: bytes.count)
      let error = #expect(throws: ONNXError.self) {
        try model.write(to: url, limit: bytes.count - 1)
      }
      #expect(
        error
          == .tooLarge(path: url.path, byteCount: bytes.count, maximum: bytes.count - 1))
      let text = try #require(error?.description)
      for part in [url.path, "\(bytes.count)", "prune"] { #expect(text.contains(part)) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.onnx"])
      #expect(try Data(contentsOf: url) == bytes)
    }
  }

  @Test func placesThatCannotBeWrittenAreTold() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "file")
      try Data().write(to: file)
      let model = try ONNXModel(ModelKind.oneLayer.saved)
      let error = #expect(throws: CheckpointError.self) {
        try model.write(to: file.appending(path: "model.onnx"))
      }
      guard case .unwritable = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func figuresThatJSONCannotSayAreRefused() throws {
    var saved = ModelKind.oneLayer.saved
    saved.card.steps[0].figures = ["accuracy": .nan]
    #expect(throws: EncodingError.self) { try ONNXModel(saved) }
  }
}
