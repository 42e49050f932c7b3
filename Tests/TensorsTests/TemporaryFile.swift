// Files that are gone after the test.

import Foundation

/// Runs `body` with the place of a file of these bytes, and removes the file after it.
func withTemporaryFile<Result>(
  _ bytes: [UInt8], _ body: (URL) throws -> Result
) throws -> Result {
  let url = FileManager.default.temporaryDirectory.appending(path: "pare-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: url) }
  try Data(bytes).write(to: url)
  return try body(url)
}
