import Checkpoints
import Encoders
import Foundation
import Tensors
import TestSupport
import Testing
import Text

@Suite struct SavedClassifierTests {
  /// The error of loading a sound folder after `damage` was done to it.
  private func loadingError(_ damage: (URL) throws -> Void) throws -> CheckpointError? {
    try withTemporaryFolder { folder in
      try savedClassifier().write(to: folder)
      try damage(folder)
      return #expect(throws: CheckpointError.self) { try SavedClassifier(contentsOf: folder) }
    }
  }

  private func edit(_ folder: URL, _ change: (inout [String: Any]) -> Void) throws {
    let url = folder.appending(path: "config.json")
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
    var fields = try #require(json as? [String: Any])
    change(&fields)
    try JSONSerialization.data(withJSONObject: fields).write(to: url)
  }

  @Test func loadingWhatWasSavedIsTheIdentity() throws {
    let saved = try savedClassifier()
    try withTemporaryFolder { folder in
      try saved.write(to: folder, extraFiles: ["notes.txt": Data("hello".utf8)])
      let loaded = try SavedClassifier(contentsOf: folder)
      #expect(loaded.classifier == saved.classifier)
      #expect(loaded.labelNames == saved.labelNames && loaded.card == saved.card)
      let text = "a slow film, ünïcode 🙂"
      #expect(try loaded.tokenizer.encode(text) == saved.tokenizer.encode(text))
      #expect(try Data(contentsOf: folder.appending(path: "notes.txt")) == Data("hello".utf8))
      let device = Device(threads: 2)
      let examples = [Example(text: text), Example(text: "the dog", secondText: "the city")]
      let before = try TextClassifier(saved, on: device).logits(examples)
      #expect(try TextClassifier(loaded, on: device).logits(examples) == before)
    }
  }

  @Test func savingTwiceGivesTheSameBytes() throws {
    try withTemporaryFolder { folder in
      try savedClassifier().write(to: folder)
      func bytes() throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let contents = try names.map { try Data(contentsOf: folder.appending(path: $0)) }
        return Dictionary(uniqueKeysWithValues: zip(names, contents))
      }
      let first = try bytes()
      #expect(
        first.keys.sorted() == ["card.json", "config.json", "model.safetensors", "tokenizer.model"])
      try SavedClassifier(contentsOf: folder).write(to: folder)
      #expect(try bytes() == first)
    }
  }

  /// Half precision keeps 11 bits: 5e-4 of each number; bfloat16 keeps 8: 4e-3.
  @Test(arguments: [(ElementType.f16, 5e-4), (.bf16, 4e-3)])
  func halfPrecisionLoadsCloseAndTakesHalfTheRoom(type: ElementType, rounding: Double) throws {
    let saved = try savedClassifier()
    try withTemporaryFolder { folder in
      try saved.write(to: folder, as: type)
      let loaded = try SavedClassifier(contentsOf: folder).classifier
      #expect(loaded.configuration == saved.classifier.configuration)
      for (a, b) in zip(loaded.parameters, saved.classifier.parameters) {
        #expect(relativeDifference(a.tensor, b.tensor) <= rounding, "\(a.name)")
      }
      let file = try SafetensorsFile(contentsOf: folder.appending(path: "model.safetensors"))
      let bytes = file.names.reduce(0) { $0 + file.byteCount(of: $1) }
      #expect(bytes == 2 * saved.classifier.parameterCount)
    }
  }

  @Test func loadedModelsCanBeTrainedWithoutTouchingTheFile() throws {
    try withTemporaryFolder { folder in
      try savedClassifier().write(to: folder)
      var loaded = try SavedClassifier(contentsOf: folder)
      loaded.classifier.forEachParameter(at: "") { _, tensor in tensor.fill(1) }
      #expect(try SavedClassifier(contentsOf: folder).classifier == savedClassifier().classifier)
    }
  }

  @Test func missingFoldersAndFilesAreTold() throws {
    try withTemporaryFolder { folder in
      let error = #expect(throws: CheckpointError.self) { try SavedClassifier(contentsOf: folder) }
      #expect(error == .missing(path: folder.path, hint: "expected a model folder"))
    }
    for name in ["config.json", "model.safetensors", "tokenizer.model"] {
      let error = try loadingError { folder in
        try FileManager.default.removeItem(at: folder.appending(path: name))
      }
      guard case .notAModel(_, missing: name) = error else {
        Issue.record("\(String(describing: error)) for a missing \(name)")
        continue
      }
    }
  }

  @Test func modelsWithoutHistoryLoad() throws {
    try withTemporaryFolder { folder in
      try savedClassifier().write(to: folder)
      try FileManager.default.removeItem(at: folder.appending(path: "card.json"))
      #expect(try SavedClassifier(contentsOf: folder).card == ModelCard())
    }
  }

  @Test func weightsMustBeThoseOfTheConfiguration() throws {
    func rewrite(
      _ change: (inout [(name: String, tensor: Tensor)]) -> Void
    ) throws -> CheckpointError? {
      try loadingError { folder in
        var tensors = try savedClassifier().classifier.parameters
        change(&tensors)
        try SafetensorsFile.write(tensors, to: folder.appending(path: "model.safetensors"))
      }
    }
    let missing = try rewrite { $0.removeLast() }
    guard case .missingTensor(_, "classifier.bias") = missing else {
      Issue.record("\(String(describing: missing))")
      return
    }
    let unexpected = try rewrite { $0.append(("extra", Tensor(zeros: 1))) }
    guard case .unexpectedTensor(_, "extra") = unexpected else {
      Issue.record("\(String(describing: unexpected))")
      return
    }
    let wrong = try rewrite { $0[$0.count - 1].tensor = Tensor(zeros: 4) }
    guard case .wrongShape(_, "classifier.bias", expected: [3], found: [4]) = wrong else {
      Issue.record("\(String(describing: wrong))")
      return
    }
  }

  @Test func sizesBeyondAllMemoryAreRefusedBeforeTheyAreTaken() throws {
    let error = try loadingError { folder in
      try edit(folder) { fields in
        fields["vocab_size"] = 1 << 24
        fields["hidden_size"] = 1 << 24
      }
    }
    guard case .wrongShape = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: [
    ("vocab_size", -1), ("vocab_size", 100), ("hidden_size", 0), ("num_hidden_layers", 2),
    ("max_position_embeddings", 1 << 30), ("type_vocab_size", -1), ("layer_norm_eps", 2),
  ])
  func impossibleSizesAreTold(key: String, value: Int) throws {
    let error = try loadingError { folder in try edit(folder) { $0[key] = value } }
    guard case .invalidJSON(_, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains(key))
  }

  @Test(arguments: [
    ("pare", #"{"layers": [{"headCount": -1, "headSize": 5, "intermediateSize": 1}]}"#),
    ("pare", #"{"layers": [{"headCount": 1, "headSize": 0, "intermediateSize": 1}]}"#),
    ("pare", #"{"layers": [{"headCount": 1, "headSize": 5}]}"#), ("pare", "3"),
    ("model_type", #""gpt2""#), ("hidden_act", #""relu""#), ("vocab_size", #""many""#),
    ("id2label", #"{"0": "a", "2": "b"}"#), ("id2label", "{}"), ("unknown", "1"),
  ])
  func impossibleConfigurationsAreTold(key: String, json: String) throws {
    let value = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
    let error = try loadingError { folder in
      try edit(folder) { fields in
        fields[key] = value
        if key == "pare" { fields["num_hidden_layers"] = 1 }
      }
    }
    guard case .invalidJSON(_, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains(key))
  }
}
