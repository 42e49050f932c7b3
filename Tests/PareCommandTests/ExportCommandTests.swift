import Foundation
import Pare
import Testing

@Suite struct ExportCommandTests {
  @Test func anEvenModelIsOneFolderWithoutTheRealOne() throws {
    let folder = try Sample.folder()
    let outcome = try folder.pare(
      "export", "model", "--format", "huggingface", "--out", "new", "--json")
    #expect(outcome.status == 0)
    #expect(try outcome.object()["family"] as? String == "bert")
    #expect(folder.has("new/config.json") && folder.has("new/tokenizer.model"))
    #expect(!folder.has("new/pare"))
  }

  @Test func anUnevenModelIsFilledAndLiesBeside() throws {
    let folder = try Sample.folder()
    try folder.pare(
      "prune", "model", "--heads", "3", "--criterion", "magnitude", "--scope", "global", "--out",
      "small")
    // Twice: an older export is replaced, with the folder that it has in it.
    for _ in 0..<2 {
      let outcome = try folder.pare(
        "export", "small", "--format", "huggingface", "--out", "new", "--store", "f32")
      #expect(outcome.status == 0 && outcome.errors.contains("filled with zeros"))
      #expect(
        try folder.data("new/pare/model.safetensors") == folder.data("small/model.safetensors"))
    }
    let before = try folder.pare("predict", "small", "--json", "a lovely film").objects()
    let after = try folder.pare("predict", "new", "--json", "a lovely film").objects()
    #expect(before[0]["label"] as? String == after[0]["label"] as? String)
  }

  @Test func onnxIsOneFile() throws {
    let folder = try Sample.folder()
    let outcome = try folder.pare("export", "model", "--format", "onnx", "--out", "new.onnx")
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(try folder.data("new.onnx").count > 4 * 1000)
  }

  @Test func foldersOfOthersAreNotReplaced() throws {
    let folder = try Sample.folder()
    try FileManager.default.createDirectory(
      at: folder["home/pare"], withIntermediateDirectories: true)
    try folder.write("home/pare/letter", "mine")
    expectFailure(
      try folder.pare("export", "model", "--format", "huggingface", "--out", "home"), "letter")
    expectFailure(try folder.pare("export", "model", "--format", "onnx", "--out", "home"), "folder")
    // A model's folder has no folder in it.
    expectFailure(
      try folder.pare(
        "prune", "model", "--heads", "1", "--criterion", "magnitude", "--out", "home"), "pare")
    #expect(try folder.data("home/pare/letter") == Data("mine".utf8))
  }

  @Test func aModelThatTheFormatCannotExpressIsRefused() throws {
    let folder = try Sample.folder()
    var saved = try SavedClassifier(contentsOf: folder["model"])
    var configuration = saved.classifier.configuration
    configuration.poolerActivation = .relu
    saved.classifier = DenseClassifier(configuration, seed: 1)
    try saved.write(to: folder["odd"])
    expectFailure(
      try folder.pare("export", "odd", "--format", "huggingface", "--out", "new"), "ReLU",
      "expected", "found")
    #expect(!folder.has("new"))
  }

  @Test(arguments: [
    ["--format", "pickle", "--out", "new"], ["--out", "new"], ["--format", "onnx"],
    ["--format", "onnx", "--store", "f16", "--out", "new"],
  ])
  func wrongUseIsStatus64(arguments: [String]) throws {
    let folder = try Sample.folder()
    expectFailure(
      try folder.start(["export", "model"] + arguments).wait(), status: 64, "Error: ")
    #expect(!folder.has("new"))
  }
}
