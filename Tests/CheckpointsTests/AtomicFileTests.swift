import Checkpoints
import Foundation
import Testing

@Suite struct AtomicFileTests {
  private struct Interruption: Error {}

  private func text(_ url: URL) throws -> String {
    String(decoding: try Data(contentsOf: url), as: UTF8.self)
  }

  @Test func filesAreWrittenAndReplaced() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "deep/er/file")
      try AtomicFile.write(Data("one, longer".utf8), to: url)
      #expect(try text(url) == "one, longer")
      try AtomicFile.write(Data("two".utf8), to: url)
      #expect(try text(url) == "two")
      #expect(try names(in: url.deletingLastPathComponent()) == ["file"])
    }
  }

  @Test func aFailureLeavesTheOldFileAndNothingElse() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "file")
      try AtomicFile.write(Data("old".utf8), to: url)
      let error = #expect(throws: CheckpointError.self) {
        try AtomicFile.write(to: url) { handle in
          try handle.write(contentsOf: Data("half".utf8))
          throw Interruption()
        }
      }
      guard case .unwritable(url.path, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(try names(in: folder) == ["file"] && text(url) == "old")
    }
  }

  @Test func anErrorOfOurOwnIsPassedOn() throws {
    let own = CheckpointError.missingTensor(path: "p", name: "n")
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a")
      #expect(throws: own) { try AtomicFile.write(to: url) { _ in throw own } }
      #expect(throws: own) { try AtomicFile.writeFolder(url) { _ in throw own } }
      let left = try names(in: folder)
      #expect(left.isEmpty)
    }
  }

  @Test func filesWhereNothingMayBeAreUnwritable() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "file")
      try AtomicFile.write(Data(), to: file)
      let inside = file.appending(path: "inside")
      let error = #expect(throws: CheckpointError.self) {
        try AtomicFile.write(Data(), to: inside)
      }
      guard case .unwritable(inside.path, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      // A folder cannot be replaced by a file.
      let taken = folder.appending(path: "taken")
      try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
      #expect(throws: CheckpointError.self) { try AtomicFile.write(Data(), to: taken) }
      #expect(try names(in: folder) == ["file", "taken"])
    }
  }

  @Test func foldersAreReplacedWhole() throws {
    try withTemporaryFolder { parent in
      let url = parent.appending(path: "deep/model")
      try AtomicFile.writeFolder(url) { folder in
        try Data("1".utf8).write(to: folder.appending(path: "a"))
        try Data("1".utf8).write(to: folder.appending(path: "b"))
        #expect(!FileManager.default.fileExists(atPath: url.path), "not there before it is whole")
      }
      #expect(try names(in: url) == ["a", "b"])
      try AtomicFile.writeFolder(url) { folder in
        try Data("2".utf8).write(to: folder.appending(path: "a"))
        #expect(try text(url.appending(path: "a")) == "1")
      }
      #expect(try names(in: url) == ["a"] && text(url.appending(path: "a")) == "2")
      #expect(try names(in: url.deletingLastPathComponent()) == ["model"])
    }
  }

  @Test(arguments: ["model", "model/"])
  func aFailureLeavesTheOldFolderAndNothingElse(name: String) throws {
    try withTemporaryFolder { parent in
      let url = URL(filePath: parent.path + "/" + name)
      for isThere in [false, true] {
        if isThere {
          try AtomicFile.writeFolder(url) { folder in
            try Data("old".utf8).write(to: folder.appending(path: "a"))
          }
        }
        let error = #expect(throws: CheckpointError.self) {
          try AtomicFile.writeFolder(url) { folder in
            try Data("new".utf8).write(to: folder.appending(path: "a"))
            throw Interruption()
          }
        }
        guard case .unwritable = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(try names(in: parent) == (isThere ? ["model"] : []))
      }
      #expect(try text(parent.appending(path: "model/a")) == "old")
    }
  }

  @Test func errorsNameThePlaceThatWasToBeWritten() throws {
    try withTemporaryFolder { parent in
      let url = parent.appending(path: "model")
      let inside = url.appending(path: "file/inside")
      let error = #expect(throws: CheckpointError.self) {
        try AtomicFile.writeFolder(url) { folder in
          try Data().write(to: folder.appending(path: "file"))
          try AtomicFile.write(Data(), to: folder.appending(path: "file/inside"))
        }
      }
      guard case .unwritable(inside.path, let reason) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(!reason.contains(".partial"))
      for name in ["missing", "unreadable"] {
        let error = #expect(throws: CheckpointError.self) {
          try AtomicFile.writeFolder(url) { folder in
            let path = folder.appending(path: "a").path
            throw name == "missing"
              ? CheckpointError.missing(path: path, hint: "look into \(path)")
              : CheckpointError.unreadable(path: path, reason: path)
          }
        }
        #expect(error?.description.contains("\(url.path)/a") == true)
        #expect(error?.description.contains(".partial") == false)
      }
    }
  }

  @Test func whatAKilledProcessLeftIsNoObstacle() throws {
    try withTemporaryFolder { parent in
      let url = parent.appending(path: "model")
      let pid = ProcessInfo.processInfo.processIdentifier
      let remains = parent.appending(path: ".model.\(pid).partial")
      try FileManager.default.createDirectory(at: remains, withIntermediateDirectories: true)
      try Data().write(to: remains.appending(path: "half"))
      try AtomicFile.writeFolder(url) { try Data().write(to: $0.appending(path: "whole")) }
      #expect(try names(in: parent) == ["model"] && names(in: url) == ["whole"])
    }
  }
}
