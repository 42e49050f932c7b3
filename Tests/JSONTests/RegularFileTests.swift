import Foundation
import JSON
import Testing

@Suite struct RegularFileTests {
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.resolvingSymlinksInPath())
  }

  @Test func filesOfUpToTheBoundAreRead() throws {
    try withFolder { folder in
      let url = folder.appending(path: "a")
      for count in [0, 1, 10_000] {
        let data = Data((0..<count).map { UInt8(truncatingIfNeeded: $0) })
        try data.write(to: url)
        let file = try RegularFile(url)
        #expect(file.byteCount == count)
        #expect(try file.contents(atMost: count) == data)
        #expect(try file.contents(atMost: 1 << 30) == data)
      }
      let file = try RegularFile(url)
      #expect(throws: RegularFile.Failure.tooLarge(byteCount: 10_000, most: 9_999)) {
        try file.contents(atMost: 9_999)
      }
      #expect(throws: RegularFile.Failure.tooLarge(byteCount: 10_000, most: 0)) {
        try file.check(atMost: 0)
      }
    }
  }

  @Test func filesThatGrowAreNotReadBeyondTheBound() throws {
    try withFolder { folder in
      let url = folder.appending(path: "a")
      try Data([1]).write(to: url)
      let file = try RegularFile(url)
      let handle = try FileHandle(forUpdating: url)
      try handle.truncate(atOffset: 4 << 30)
      try handle.close()
      let failure = #expect(throws: RegularFile.Failure.self) { try file.contents(atMost: 9) }
      #expect(failure == .tooLarge(byteCount: 10, most: 9))
    }
  }

  @Test func whatIsNoFileIsRefused() throws {
    try withFolder { folder in
      #expect(throws: RegularFile.Failure.missing) { try RegularFile(folder.appending(path: "a")) }
      #expect(throws: RegularFile.Failure.notRegular) { try RegularFile(folder) }
      let pipe = folder.appending(path: "pipe")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      #expect(throws: RegularFile.Failure.notRegular) { try RegularFile(pipe) }
      let url = folder.appending(path: "gone")
      try Data().write(to: url)
      let file = try RegularFile(url)
      try FileManager.default.removeItem(at: url)
      let failure = #expect(throws: RegularFile.Failure.self) { try file.contents(atMost: 1) }
      guard case .unreadable = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
    }
    #expect(throws: RegularFile.Failure.notRegular) {
      try RegularFile(URL(fileURLWithPath: "/dev/null"))
    }
  }

  @Test func linksAreFollowed() throws {
    try withFolder { folder in
      let url = folder.appending(path: "a")
      let link = folder.appending(path: "link")
      try Data([7]).write(to: url)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: url)
      let file = try RegularFile(link)
      #expect(file.target.path == url.path)
      #expect(try file.contents(atMost: 1) == Data([7]))
      try FileManager.default.removeItem(at: url)
      #expect(throws: RegularFile.Failure.missing) { try RegularFile(link) }
    }
  }
}
