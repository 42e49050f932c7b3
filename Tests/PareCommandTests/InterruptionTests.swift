// Killed at any moment, a training goes on with --resume and ends in the same bytes.

import Foundation
import Testing

@Suite(.serialized) struct InterruptionTests {
  /// 20 epochs of 20 steps: long enough to be killed in, a second or so.
  private let training = [
    "train", "--data", "train.tsv", "--validation", "test.tsv", "--shape", Sample.shape, "--batch",
    "2", "--epochs", "20", "--learning-rate", "1e-3", "--seed", "7",
  ]

  private func leftovers(_ folder: Folder) throws -> [String] {
    try folder.contents().keys.filter { $0.contains("partial") || $0.contains("training") }
  }

  @Test func aKilledRunGoesOnToTheSameBytes() throws {
    let folder = try Sample.folder()
    let whole = try folder.start(training + ["--out", "whole", "--threads", "2"]).wait()
    #expect(whole.status == 0, "\(whole.errors)")
    let metrics = folder["new.training/metrics.jsonl"]
    // Before the first saving, in the middle of epochs, and late; each time with other threads.
    for (lines, threads) in [(3, "1"), (30, "2"), (131, "1"), (300, "2"), (405, "1")] {
      let run = try folder.start(
        training + ["--out", "new", "--resume", "--threads", threads])
      #expect(run.send(SIGKILL, whenFile: metrics, hasLines: lines), "it ended first")
      #expect(try run.wait().status == -SIGKILL)
      #expect(!folder.has("new"), "no half of a model")
    }
    let last = try folder.start(
      training + ["--out", "new", "--resume", "--threads", "3"]
    ).wait()
    #expect(last.status == 0 && last.text.contains("going on from step"))
    #expect(
      try folder.data("new/model.safetensors") == folder.data("whole/model.safetensors"))
    // Steps that were taken twice are noted once.
    #expect(try folder.data("new/metrics.jsonl") == folder.data("whole/metrics.jsonl"))
    #expect(try leftovers(folder).isEmpty)
  }

  @Test func aRunKilledWhileItLearnsLanguageGoesOnToTheSameBytes() throws {
    let folder = try Sample.folder()
    let training = training + ["--pretrain", "3", "--epochs", "6"]
    #expect(try folder.start(training + ["--out", "whole"]).wait().status == 0)
    for (file, lines) in [
      ("new.training/pretraining/metrics.jsonl", 2),
      ("new.training/pretraining/metrics.jsonl", 35), ("new.training/metrics.jsonl", 50),
    ] {
      let run = try folder.start(training + ["--out", "new", "--resume"])
      #expect(run.send(SIGKILL, whenFile: folder[file], hasLines: lines), "it ended first")
      _ = try run.wait()
    }
    #expect(try folder.start(training + ["--out", "new", "--resume"]).wait().status == 0)
    #expect(
      try folder.data("new/model.safetensors") == folder.data("whole/model.safetensors"))
    #expect(try leftovers(folder).isEmpty)
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func anInterruptedRunSavesAndGoesOnToTheSameBytes(signal: Int32) throws {
    let folder = try Sample.folder()
    let model = try folder.data("model/model.safetensors")
    #expect(try folder.start(training + ["--out", "whole"]).wait().status == 0)
    // The model that is to be replaced stays until the new one is whole.
    let run = try folder.start(training + ["--out", "model", "--threads", "1"])
    #expect(
      run.send(signal, whenFile: folder["model.training/metrics.jsonl"], hasLines: 47))
    let outcome = try run.wait()
    #expect(outcome.status == 130)
    #expect(outcome.errors.contains("interrupted at step"), "\(outcome.errors)")
    #expect(outcome.errors.contains("--resume"))
    #expect(try folder.data("model/model.safetensors") == model)
    #expect(try leftovers(folder).contains("model.training/state.safetensors"))

    let resumed = try folder.start(training + ["--out", "model", "--resume"]).wait()
    #expect(resumed.status == 0 && resumed.text.contains("going on from step"))
    #expect(
      try folder.data("model/model.safetensors") == folder.data("whole/model.safetensors"))
    #expect(try leftovers(folder).isEmpty)
  }

  @Test func anInterruptedFineTuningGoesOnToTheSameBytes() throws {
    let folder = try Sample.folder()
    let pruning = [
      "prune", "model", "--heads", "2", "--data", "train.tsv", "--fine-tune", "10", "--batch", "2",
    ]
    #expect(try folder.start(pruning + ["--out", "whole"]).wait().status == 0)
    let run = try folder.start(pruning + ["--out", "new"])
    #expect(run.send(SIGINT, whenFile: folder["new.training/metrics.jsonl"], hasLines: 25))
    #expect(try run.wait().status == 130)
    #expect(try folder.start(pruning + ["--out", "new", "--resume"]).wait().status == 0)
    #expect(
      try folder.data("new/model.safetensors") == folder.data("whole/model.safetensors"))
  }

  @Test func aStateOfAnotherRunIsRefused() throws {
    let folder = try Sample.folder()
    let run = try folder.start(training + ["--out", "new"])
    #expect(run.send(SIGINT, whenFile: folder["new.training/metrics.jsonl"], hasLines: 5))
    #expect(try run.wait().status == 130)
    let other = try folder.start(
      training + ["--out", "new", "--resume", "--learning-rate", "2e-3"]
    ).wait()
    expectFailure(other, "state.safetensors", "another run", "--resume")
    // The state is still there for the run that it belongs to.
    #expect(try folder.start(training + ["--out", "new", "--resume"]).wait().status == 0)
  }

  @Test func commandsThatHaveNothingToSaveLeaveAtOnce() throws {
    let folder = try Sample.folder()
    // Each has far more to do than the time that it is given.
    for arguments in [
      ["bench", "model", "--seconds", "50", "--length", "8"],
      ["bench", "--shape", "layers=12,hidden=768,heads=12,ffn=3072", "--seconds", "50"],
    ] {
      let run = try folder.start(arguments)
      usleep(400_000)
      kill(run.process.processIdentifier, SIGINT)
      #expect(try run.wait().status == 130)
    }
  }
}
