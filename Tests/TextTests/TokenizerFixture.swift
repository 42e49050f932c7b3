// What other projects' tokenizers say, and folders that are gone after the test.

import Foundation
import Testing
import Text

/// Ids of texts and pairs, from Scripts/fixtures/tokens.py.
struct ExpectedTokens: Decodable {
  struct Case: Decodable {
    var text: String
    var ids: [Int32]
  }
  struct Pair: Decodable {
    var first: String
    var second: String
    var length: Int
    var ids: [Int32]
    var typeIDs: [Int32]
  }
  var cases: [Case]
  var pairs: [Pair]

  init(_ folder: String) throws {
    self = try JSONDecoder().decode(
      Self.self, from: Data(contentsOf: fixture(folder).appending(path: "expected.json")))
  }
}

/// A folder of the fixtures.
func fixture(_ name: String) throws -> URL {
  try #require(Bundle.module.resourceURL).appending(path: "Fixtures").appending(path: name)
}

/// Runs `body` with a folder of these files, and removes it after that.
func withFolder<Success>(_ files: [String: Data], _ body: (URL) throws -> Success) throws -> Success
{
  let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  for (name, data) in files { try data.write(to: folder.appending(path: name)) }
  return try body(folder)
}

/// A folder of these texts.
func withFolder<Success>(
  _ files: [String: String], _ body: (URL) throws -> Success
) throws -> Success {
  try withFolder(files.mapValues { Data($0.utf8) }, body)
}

/// The error of reading the tokenizer of a folder of these files.
func tokenizerError(_ files: [String: String]) throws -> TextError? {
  try withFolder(files) { folder in
    do throws(TextError) {
      _ = try TokenizerFolder.read(folder)
      return nil
    } catch {
      return error
    }
  }
}
