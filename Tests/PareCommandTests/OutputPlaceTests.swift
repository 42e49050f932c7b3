// Places that cannot be written to, and files that must not be lost.

import Foundation
import Testing

@Suite struct OutputPlaceTests {
  private let prune = ["prune", "model", "--heads", "2", "--criterion", "magnitude", "--out"]
  private var train: [String] { Sample.training + ["--epochs", "1", "--out"] }
  private let score = ["score", "heads", "model", "--criterion", "magnitude", "--out"]
  private let tokenizer = ["tokenizer", "train", "--data", "train.tsv", "--out"]

  @Test func aFileIsNotReplacedByAModel() throws {
    let folder = try Sample.folder()
    try folder.write("notes.txt", "mine")
    for command in [prune, train] {
      expectFailure(
        try folder.start(command + ["notes.txt"]).wait(), "--out notes.txt", "file")
      expectFailure(
        try folder.start(command + ["notes.txt/deeper/model"]).wait(), "notes.txt", "folder")
    }
    #expect(try folder.data("notes.txt") == Data("mine".utf8))
  }

  @Test func aFolderOfOtherFilesIsNotReplaced() throws {
    let folder = try Sample.folder()
    try FileManager.default.createDirectory(
      at: folder["home"], withIntermediateDirectories: true)
    try folder.write("home/letter", "mine")
    for command in [prune, train] {
      for name in ["home", ".", "home/", "./home/../home"] {
        expectFailure(
          try folder.start(command + [name]).wait(), "--out \(name)", "would be lost")
      }
    }
    // A model's folder with a note of one's own in it, too.
    try folder.write("model/notes.txt", "mine")
    expectFailure(try folder.start(prune + ["model"]).wait(), "notes.txt")
    #expect(folder.has("home/letter") && folder.has("model/notes.txt"))
  }

  @Test func newEmptyAndNestedFoldersAndOlderModelsAreFine() throws {
    let folder = try Sample.folder()
    try FileManager.default.createDirectory(
      at: folder["empty"], withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      at: folder["link"], withDestinationURL: folder["empty"])
    for name in ["empty", "link", "new/and/deep/", "model"] {
      #expect(try folder.start(prune + [name]).wait().status == 0)
      #expect(folder.has("\(name)/model.safetensors"))
    }
    let kind = try FileManager.default.attributesOfItem(atPath: folder["link"].path)[.type]
    #expect(kind as? FileAttributeType == .typeSymbolicLink)
    #expect(try !folder.contents().keys.contains { $0.contains("partial") })
  }

  @Test func filesAreNotWrittenOverFolders() throws {
    let folder = try Sample.folder()
    for command in [score, tokenizer] {
      expectFailure(try folder.start(command + ["model"]).wait(), "--out model", "folder")
      expectFailure(try folder.start(command + ["train.tsv/x"]).wait(), "train.tsv", "folder")
      #expect(try folder.start(command + ["new/file"]).wait().status == 0)
    }
  }

  /// A limit on the size of files stands for a full disk: writing fails in the middle.
  @Test(arguments: ["prune", "train", "tune", "tokenizer"])
  func aFullDiskLeavesNothingHalfWritten(kind: String) throws {
    let folder = try Sample.folder()
    let command =
      switch kind {
      case "prune": prune + ["model"]
      case "train": train + ["model"]
      case "tune": prune + ["model", "--fine-tune", "1", "--data", "train.tsv"]
      default: tokenizer + ["t.model"]
      }
    let before = try folder.contents()
    let words = command.map { "'\($0)'" }.joined(separator: " ")
    // 16 blocks of 512 or 1,024 bytes.
    expectFailure(
      try folder.shell("ulimit -f 16; $PARE \(words)"), "cannot be written", "too large")
    // A run's own folder may stay: --resume goes on from what it holds.
    let after = try folder.contents().filter { !$0.key.hasPrefix("model.training") }
    #expect(after == before)
    #expect(try !folder.contents().keys.contains { $0.contains("partial") })
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func aFullDiskBehindStandardOutputIsNamed() throws {
    let folder = try Sample.folder()
    for command in ["predict model good", "evaluate model --data test.tsv --json"] {
      expectFailure(
        try folder.shell("$PARE \(command) > /dev/full"), "standard output", "No space left")
    }
    // The work is done all the same.
    expectFailure(
      try folder.shell("$PARE \(prune.joined(separator: " ")) new > /dev/full"),
      "standard output")
    #expect(folder.has("new/model.safetensors"))
  }

  /// Root may write anywhere, except where the system itself takes no files.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self")))
  func anUnwritablePlaceIsNamed() throws {
    let folder = try Sample.folder()
    for command in [prune, train, score, tokenizer] {
      expectFailure(try folder.start(command + ["/proc/model"]).wait(), "/proc/model")
    }
  }
}
