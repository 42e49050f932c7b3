// A small model with a tokenizer, and folders that are gone after the test.

import Checkpoints
import Encoders
import Foundation
import TestSupport
import Testing
import Text

/// Trained once for all tests: it needs every byte and a few pieces.
private let tokenizer = Result { () throws(TextError) in
  try SentencePieceTokenizer.train(
    on: [
      "the film is a slow and tedious journey", "the acting and the music are often charming",
      "a charming and often affecting journey through the city",
      "what a lazy and slow film about a dog in the city",
    ], options: SentencePieceOptions(vocabularySize: 290))
}

/// A model of uneven layers, large enough for the tokenizer's vocabulary.
func savedClassifier() throws -> SavedClassifier {
  var configuration = EncoderConfiguration.uneven
  configuration.vocabularySize = 300
  let step = ModelStep(
    command: "pare train", arguments: ["--seed", "7"], seed: 7, data: ["train.tsv": "00ff"],
    figures: ["accuracy": 0.5], version: "1")
  return SavedClassifier(
    classifier: .random(configuration, seed: 1), tokenizer: try tokenizer.get(),
    labelNames: ["negative", "neutral", "positive"], card: ModelCard(steps: [step]))
}

/// Runs `body` with the place of a folder that is not there yet, and removes it after.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let parent = FileManager.default.temporaryDirectory.appending(path: "pare-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: parent) }
  return try body(parent.appending(path: "model"))
}
