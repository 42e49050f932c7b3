import Foundation
import Pare
import Testing

/// `pare distill`.
@Suite struct DistillCommandTests {
  private let arguments = [
    "distill", "--teacher", "model", "--data", "train.tsv", "--batch", "8", "--learning-rate",
    "1e-3", "--threads", "1",
  ]

  private func distill(_ folder: Folder, _ more: String...) throws -> Outcome {
    try folder.start(arguments + more).wait()
  }

  @Test func everySecondLayerLearnsFromAll() throws {
    let folder = try Sample.folder()
    let outcome = try distill(
      folder, "--validation", "test.tsv", "--epochs", "8", "--out", "half", "--json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let object = try outcome.object()
    #expect(object.keys.sorted() == ["after", "before", "model"])
    let after = try #require(object["after"] as? [String: Any])
    #expect(try #require(after["accuracy"] as? Double) > 0.9)
    let student = try SavedClassifier(contentsOf: folder["half"])
    let teacher = try SavedClassifier(contentsOf: folder["model"])
    #expect(student.classifier.layers.count == 1)
    #expect(student.labelNames == teacher.labelNames)
    #expect(student.card.steps.last?.command == "pare distill")
    #expect(!folder.has("half.training"))
  }

  @Test(arguments: [[], ["--hidden-weight", "1", "--layer-map", "last"], ["--precision", "bf16"]])
  func resumedRunsEndInTheSameBytes(more: [String]) throws {
    let folder = try Sample.folder()
    func run(_ rest: String...) throws -> Outcome {
      try folder.start(arguments + ["--epochs", "30"] + more + rest).wait()
    }
    #expect(try run("--out", "whole").status == 0)
    let stopped = try folder.start(arguments + ["--epochs", "30"] + more + ["--out", "parts"])
    let metrics = folder["parts.training/metrics.jsonl"]
    let isStopped = stopped.send(SIGINT, whenFile: metrics, hasLines: 3)
    try #require(isStopped)
    #expect(try stopped.wait().status == 130)
    let resumed = try run("--out", "parts", "--resume", "--threads", "2")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(
      try folder.data("parts/model.safetensors") == folder.data("whole/model.safetensors"))
  }

  @Test func aPrunedModelLearnsFromTheOneBefore() throws {
    let folder = try Sample.folder()
    #expect(
      try folder.pare(
        "prune", "model", "--heads", "3", "--criterion", "magnitude", "--out", "smaller"
      ).status == 0)
    let outcome = try distill(
      folder, "--student", "smaller", "--hidden-weight", "1", "--epochs", "1", "--out", "taught")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let taught = try SavedClassifier(contentsOf: folder["taught"]).classifier.configuration
    #expect(taught.headCount == 3)
  }

  @Test func badNumbersAreRefused() throws {
    let folder = try Sample.folder()
    expectFailure(
      try distill(folder, "--temperature", "0", "--out", "new"),
      "--temperature: expected 0.01 to 1000, found 0.0")
    expectFailure(
      try distill(folder, "--soft-weight", "0", "--hard-weight", "0", "--out", "new"),
      "one of them above 0")
    expectFailure(
      try distill(folder, "--hidden-weight", "1", "--layer-map", "2", "--out", "new"),
      "layer map: layer 2 is not there; the teacher has 2, counted from 0")
    expectFailure(
      try distill(folder, "--layer-map", "evenly", "--out", "new"), status: 64, "evenly")
    #expect(!folder.has("new"))
  }

  @Test func otherTokenizersAndLabelsAreRefused() throws {
    let folder = try Sample.folder()
    let other = Sample.tsv.replacing("lovely", with: "gorgeous")
    try folder.write("other.tsv", other)
    try folder.write("three.tsv", Sample.tsv + "so so\tneutral\todd\n")
    func train(_ data: String, _ out: String, _ more: String...) throws {
      let outcome = try folder.start(
        ["train", "--data", data, "--validation", data, "--shape", Sample.shape, "--epochs", "1"]
          + ["--threads", "1", "--out", out] + more
      ).wait()
      try #require(outcome.status == 0, "\(outcome.errors)")
    }
    try train("other.tsv", "words")
    expectFailure(
      try distill(folder, "--student", "words", "--out", "new"), "expected", "tokenizer")
    try train("three.tsv", "three", "--tokenizer", "model/tokenizer.model")
    expectFailure(
      try distill(folder, "--student", "three", "--out", "new"),
      "expected the teacher's labels negative, positive, found negative, neutral, positive")
    expectFailure(
      try distill(folder, "--student", "nowhere", "--out", "new"), "nowhere",
      "expected a model folder")
  }
}
