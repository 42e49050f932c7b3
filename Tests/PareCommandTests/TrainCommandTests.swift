import Foundation
import Pare
import Testing

@Suite struct TrainCommandTests {
  private let quick = ["--shape", Sample.shape, "--epochs", "1"]

  @Test func jsonHasTheDocumentedKeys() throws {
    let folder = try Sample.folder()
    let fresh = try folder.start(
      Sample.training + ["--epochs", "2", "--out", "new", "--json"]
    ).wait()
    #expect(fresh.status == 0 && fresh.errors.isEmpty)
    let object = try fresh.object()
    #expect(object.keys.sorted() == ["after", "model"] && object["model"] as? String == "new")
    let tuned = try folder.pare(
      "train", "--from", "model", "--data", "train.tsv", "--epochs", "1", "--out", "tuned",
      "--json"
    ).object()
    #expect(tuned.keys.sorted() == ["after", "before", "model"])
  }

  @Test func theFolderIsCompleteAndTheRunsOwnIsGone() throws {
    let folder = try Sample.folder()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder["model"].path)
    #expect(
      names.sorted()
        == ["card.json", "config.json", "metrics.jsonl", "model.safetensors", "tokenizer.model"])
    let metrics = String(decoding: try folder.data("model/metrics.jsonl"), as: UTF8.self)
      .split(separator: "\n").compactMap {
        try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      }
    // 16 epochs of 5 steps, and a line for each epoch.
    #expect(metrics.compactMap { $0["loss"] }.count == 80)
    #expect(metrics.compactMap { $0["validationAccuracy"] }.count == 16)
    let steps = metrics.compactMap { $0["step"] as? Int }
    #expect(steps == steps.sorted() && steps.last == 80)
  }

  @Test func theSameSeedGivesTheSameBytesForAnyNumberOfThreads() throws {
    let folder = try Sample.folder()
    func weights(_ name: String, _ arguments: String...) throws -> Data {
      let run = try folder.start(
        ["train", "--data", "train.tsv", "--out", name, "--batch", "8"] + quick + arguments)
      #expect(try run.wait().status == 0)
      return try folder.data("\(name)/model.safetensors")
    }
    let first = try weights("a", "--seed", "5", "--threads", "1")
    #expect(try weights("b", "--seed", "5", "--threads", "3") == first)
    #expect(try weights("c", "--seed", "6", "--threads", "1") != first)
  }

  @Test func pairsIntegerLabelsAndThreeClassesAreLearned() throws {
    let folder = try Folder()
    var csv = "text_a,text_b,label\n"
    for index in 0..<30 {
      csv += "\"a first, quoted\",the other \(index),\(index % 3 + 9)\n"
    }
    try folder.write("pairs.csv", csv)
    let outcome = try folder.start(
      ["train", "--data", "pairs.csv", "--out", "m"] + quick
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    // Integers are in their own order: 9 before 10.
    #expect(try SavedClassifier(contentsOf: folder["m"]).labelNames == ["9", "10", "11"])
    let report = try folder.pare("evaluate", "m", "--data", "pairs.csv", "--json").object()
    #expect(report["count"] as? Int == 30)
    let answer = try folder.pare("predict", "m", "--data", "pairs.csv", "--json").objects()
    #expect(answer.count == 30)
    let probabilities = try #require(answer[0]["probabilities"] as? [String: Double])
    #expect(probabilities.keys.sorted() == ["10", "11", "9"])
  }

  @Test func jsonLinesAndNamedColumnsAreRead() throws {
    let folder = try Folder()
    let lines = (0..<20).map { "{\"body\": \"words \($0)\", \"stars\": \($0 % 2)}\n" }
    try folder.write("data.jsonl", lines.joined())
    let outcome = try folder.start(
      [
        "train", "--data", "data.jsonl", "--text-column", "body", "--label-column", "stars",
        "--out", "m",
      ] + quick
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.text.contains("18 examples to train on, 2 held out"))
  }

  @Test func fewExamplesAreTrainedOnWithoutAny() throws {
    let folder = try Folder()
    try folder.write("few.tsv", "text\tlabel\nsome words\tyes\nother words\tno\n")
    let outcome = try folder.start(["train", "--data", "few.tsv", "--out", "m"] + quick).wait()
    #expect(outcome.status == 0 && outcome.text.contains("0 held out"))
    #expect(!outcome.text.contains("validation accuracy"))
  }

  @Test func longLimitsAreThoseOfTheModel() throws {
    let folder = try Sample.folder()
    let arguments = ["train", "--data", "train.tsv", "--length", "10000000", "--out", "m"]
    #expect(try folder.start(arguments + quick).wait().status == 0)
    let outcome = try folder.pare(
      "evaluate", "m", "--data", "test.tsv", "--length", "10000000")
    #expect(outcome.status == 0)
  }

  @Test(arguments: ["5", "9.9"])
  func divergingTrainingLeavesNoBrokenModel(rate: String) throws {
    let folder = try Sample.folder()
    let outcome = try folder.start(
      Sample.training + [
        "--epochs", "6", "--learning-rate", rate, "--clip", "0", "--warmup", "0", "--out", "m",
      ]
    ).wait()
    if outcome.status == 0 {
      let saved = try SavedClassifier(contentsOf: folder["m"])
      for (name, tensor) in saved.classifier.parameters {
        #expect(tensor.elements.allSatisfy { $0.isFinite }, "\(name)")
      }
    } else {
      expectFailure(outcome, "finite", "--learning-rate")
      #expect(!folder.has("m"))
    }
  }

  @Test func wrongOptionsAndDataLeaveNothing() throws {
    let folder = try Sample.folder()
    try folder.write("one.tsv", "text\tlabel\nsome words\tyes\nother words\tyes\n")
    try folder.write("empty.tsv", "")
    try folder.write("header.tsv", "text\tlabel\n")
    try folder.write("columns.tsv", "words\tmark\na\tb\n")
    try folder.write("other.tsv", "text\tlabel\nwords\tperhaps\n")
    try folder.write("bytes.tsv", Data("text\tlabel\ngood\tyes\nb".utf8) + Data([0xFF, 0x0A]))
    try folder.write("nul.tsv", Data("text\tlabel\ngo\0od\tyes\n".utf8))
    try folder.write("words.txt", "text\tlabel\na\tb\n")
    try folder.write("junk.model", "not a model")
    let before = try folder.contents()
    func failure(_ arguments: String...) throws -> Outcome {
      try folder.start(["train", "--out", "new"] + arguments).wait()
    }
    func option(_ name: String, _ value: String) throws -> Outcome {
      try failure("--data", "train.tsv", "\(name)=\(value)")
    }
    for (name, values) in [
      "--learning-rate": ["nan", "-1", "inf", "11"], "--threads": ["0", "-2", "100000"],
      "--batch": ["0", "-1", "9000000000000000000"], "--epochs": ["-1", "9000000000000000000"],
      "--warmup": ["2", "nan"], "--dropout": ["1", "nan"], "--label-smoothing": ["1"],
      "--weight-decay": ["nan", "-1"], "--clip": ["-1", "nan"], "--patience": ["-1"],
      "--vocabulary": ["5", "100000000", "-3"], "--pretrain": ["-1"],
    ] {
      for value in values { expectFailure(try option(name, value), name, "expected") }
    }
    expectFailure(try option("--length", "1"), "length", "at least 2", "found 1")
    expectFailure(
      try option("--shape", "layers=1000,hidden=16000000"), "--shape", "GB")
    expectFailure(try option("--tokenizer", "none.model"), "none.model")
    expectFailure(try option("--tokenizer", "junk.model"), "junk.model", "SentencePiece")
    expectFailure(try option("--from", "none"), "none")
    expectFailure(try option("--validation", "other.tsv"), "other.tsv:2", "perhaps", "positive")
    expectFailure(try option("--text-column", "body"), "train.tsv", "body", "kind")
    expectFailure(try failure("--data", "none.tsv"), "none.tsv", "no such file")
    expectFailure(try failure("--data", "empty.tsv"), "empty.tsv", "empty")
    expectFailure(try failure("--data", "header.tsv"), "header.tsv", "no rows")
    expectFailure(try failure("--data", "columns.tsv"), "columns.tsv", "text", "words and mark")
    expectFailure(try failure("--data", "one.tsv"), "one.tsv", "two different labels", "yes")
    expectFailure(try failure("--data", "bytes.tsv"), "bytes.tsv:3", "UTF-8")
    expectFailure(try failure("--data", "nul.tsv"), "nul.tsv:2", "NUL")
    expectFailure(try failure("--data", "words.txt"), "words.txt", ".tsv, .csv")
    #expect(try folder.contents() == before)
  }
}
