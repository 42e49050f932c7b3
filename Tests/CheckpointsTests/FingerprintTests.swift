import Checkpoints
import Foundation
import Testing

@Suite struct FingerprintTests {
  /// The test vectors of FNV's authors.
  @Test(arguments: [
    ("", "cbf29ce484222325"), ("a", "af63dc4c8601ec8c"), ("foobar", "85944171f73967e8"),
  ])
  func hashesAreThoseOfTheAuthors(text: String, hash: String) throws {
    var fingerprint = Fingerprint()
    fingerprint.combine(text.utf8)
    #expect(fingerprint.text == hash)
    var lazily = Fingerprint()
    lazily.combine(text.utf8.lazy.map { $0 })
    #expect(lazily.text == hash)
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a")
      try Data(text.utf8).write(to: url)
      #expect(try Fingerprint(contentsOf: url).text == hash)
    }
  }

  @Test func partsAddUpToTheWhole() {
    var parts = Fingerprint()
    parts.combine("foo".utf8)
    parts.combine("bar".utf8)
    #expect(parts.text == "85944171f73967e8")
  }

  @Test func missingFilesAreTold() {
    let error = #expect(throws: CheckpointError.self) {
      try Fingerprint(contentsOf: URL(filePath: "/no/such/file"))
    }
    guard case .unreadable("/no/such/file", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
