import Foundation
import Pare
import Testing

@Suite struct ImportCommandTests {
  /// A folder with `model`, and `foreign`: the same for transformers.
  private func folder() throws -> Folder {
    let folder = try Sample.folder()
    let outcome = try folder.pare(
      "export", "model", "--format", "huggingface", "--out", "foreign")
    try #require(outcome.status == 0, "\(outcome.errors)")
    return folder
  }

  /// Takes the classifier away, as in an encoder that was only pretrained.
  private func behead(_ folder: Folder) throws {
    let url = folder["foreign/model.safetensors"]
    let file = try SafetensorsFile(contentsOf: url)
    let tensors = try file.names.filter { !$0.hasPrefix("classifier") }
      .map { ($0, try file.tensor($0)) }
    try SafetensorsFile.write(tensors, to: url)
  }

  @Test func theWeightsAreThoseOfTheCheckpoint() throws {
    let folder = try folder()
    let outcome = try folder.pare("import", "foreign", "--out", "new", "--json")
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    let object = try outcome.object()
    #expect(object["family"] as? String == "bert" && object["model"] as? String == "new")
    #expect(object["labels"] as? [String] == ["negative", "positive"])
    #expect(
      try folder.data("new/model.safetensors") == folder.data("model/model.safetensors"))
    let card = try SavedClassifier(contentsOf: folder["new"]).card
    #expect(card.steps.map(\.command) == ["pare import"] && card.steps[0].parent != nil)
  }

  @Test func aNewClassifierFollowsFromTheSeedAndIsTold() throws {
    let folder = try folder()
    try behead(folder)
    func bytes(_ seed: String) throws -> Data {
      let outcome = try folder.pare("import", "foreign", "--out", "new", "--seed", seed)
      #expect(outcome.status == 0 && outcome.errors.hasPrefix("pare: foreign") == false)
      #expect(outcome.errors.contains("classifier.weight") && outcome.errors.contains("seed"))
      return try folder.data("new/model.safetensors")
    }
    #expect(try bytes("1") == bytes("1"))
    #expect(try bytes("1") != bytes("2"))
  }

  @Test func numbersAreStoredAsAsked() throws {
    let folder = try folder()
    try folder.pare("import", "foreign", "--out", "new", "--store", "bf16")
    let file = try SafetensorsFile(contentsOf: folder["new/model.safetensors"])
    #expect(file.names.allSatisfy { file.type(of: $0) == .bf16 })
  }

  /// What is said goes to standard error: standard output stays one answer a line.
  @Test func everyCommandTakesACheckpointAsItIs() throws {
    let folder = try folder()
    let own = try folder.pare("predict", "model", "--json", "--logits", "a lovely film")
    let foreign = try folder.pare("predict", "foreign", "--json", "--logits", "a lovely film")
    #expect(foreign.status == 0 && foreign.output == own.output)
    try behead(folder)
    for arguments in [
      ["predict", "foreign", "fine"], ["evaluate", "foreign", "--data", "test.tsv"],
      ["prune", "foreign", "--heads", "2", "--criterion", "magnitude", "--out", "new"],
    ] {
      let outcome = try folder.start(arguments).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("has no classifier.weight"))
      #expect(!outcome.text.contains("has no classifier.weight"))
    }
  }

  @Test func inspectTellsFamilyMemoryAndNotes() throws {
    let folder = try folder()
    try behead(folder)
    let object = try folder.pare("inspect", "foreign", "--json").object()
    #expect(object["family"] as? String == "bert")
    #expect(object["tokenizer"] as? String == "SentencePiece")
    #expect((object["notes"] as? [String])?.count == 1)
    #expect((object["loadMilliseconds"] as? Double ?? -1) > 0)
    let bytes = try #require(object["bytes"] as? [String: Int])
    let parameters = try #require(object["parameters"] as? [String: Int])
    for part in ["embeddings", "attention", "feedForward"] {
      #expect(bytes[part] == 4 * (parameters[part] ?? 0))
    }
    let text = try folder.pare("inspect", "foreign").text
    #expect(text.contains("family bert") && text.contains("read in"))
  }

  @Test func whatIsNoCheckpointIsNamed() throws {
    let folder = try folder()
    expectFailure(try folder.pare("import", "model", "--out", "new"), "Pare model", "no import")
    expectFailure(try folder.pare("import", "nowhere", "--out", "new"), "nowhere")
    expectFailure(try folder.pare("import", "foreign", "--out", "test.tsv"), "--out", "file")
    try folder.write("foreign/config.json", #"{"model_type": "gpt2"}"#)
    expectFailure(
      try folder.pare("import", "foreign", "--out", "new"), "model_type", "expected", "gpt2")
    #expect(!folder.has("new"))
  }
}
