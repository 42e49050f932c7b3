// Text to train on, and files that are gone after the test.

import Foundation
import Text

/// A few sentences: enough for small vocabularies.
let corpus = [
  "the quick brown fox jumps over the lazy dog",
  "a charming and often affecting journey through the city",
  "the film is a slow and tedious journey",
  "the acting and the music are often charming",
  "what a lazy and slow film about a dog in the city",
  "they are jumping over the quick river with the music on",
  "an affecting story about a brown dog and a quick fox",
  "Stories about the river often affect the people of the city",
]

/// Unigram, byte fallback: trained once for all tests.
let unigram = Result { () throws(TextError) in
  try SentencePieceTokenizer.train(
    on: corpus, options: SentencePieceOptions(vocabularySize: 310))
}

/// Byte pairs, byte fallback: trained once for all tests.
let bytePair = Result { () throws(TextError) in
  try SentencePieceTokenizer.train(
    on: corpus, options: SentencePieceOptions(vocabularySize: 310, algorithm: .bytePair))
}

/// Runs `body` with the place of a file of these bytes, and removes the file after it.
func withFile<Success>(
  named name: String, _ bytes: some Sequence<UInt8>, _ body: (URL) throws -> Success
) throws -> Success {
  let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let file = folder.appending(path: name)
  try Data(bytes).write(to: file)
  return try body(file)
}

/// The dataset of a file with this text.
func dataset(
  _ name: String, _ text: String, columns: ColumnSelection = ColumnSelection(),
  labelNames: [String]? = nil
) throws -> Dataset {
  try withFile(named: name, text.utf8) { file in
    try Dataset(contentsOf: file, columns: columns, labelNames: labelNames)
  }
}

/// The error of reading a file with these bytes, and the file's path.
func readingError(
  _ name: String, _ bytes: some Sequence<UInt8>, columns: ColumnSelection = ColumnSelection(),
  labelNames: [String]? = nil, maximumLineLength: Int = Dataset.maximumLineLength
) throws -> (error: TextError?, path: String) {
  try withFile(named: name, bytes) { file in
    do throws(TextError) {
      _ = try Dataset(
        contentsOf: file, columns: columns, labelNames: labelNames,
        maximumLineLength: maximumLineLength)
      return (nil, file.path)
    } catch {
      return (error, file.path)
    }
  }
}
