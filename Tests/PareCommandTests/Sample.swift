// Forty texts, and a tiny model that was trained on them with the command: once for all tests.

import Foundation
import Testing

/// The data and model that tests share; none of them changes it.
enum Sample {
  static let shape = "layers=2,hidden=24,heads=3,ffn=32,positions=48"

  /// Texts with their labels and a slice.
  static let rows: [(text: String, label: String, kind: String)] = (0..<40).map { index in
    let good = ["good", "great", "lovely", "fine", "superb"]
    let bad = ["bad", "awful", "dull", "poor", "dreadful"]
    let things = ["film", "meal", "room", "phone", "book"]
    let isGood = index % 2 == 0
    let word = (isGood ? good : bad)[index / 2 % 5]
    return (
      "the \(things[index / 7 % 5]) was \(word) and we \(isGood ? "liked" : "hated") it",
      isGood ? "positive" : "negative", index % 3 == 0 ? "odd" : "plain"
    )
  }

  static let tsv =
    "text\tlabel\tkind\n"
    + rows.map { "\($0.text)\t\($0.label)\t\($0.kind)\n" }.joined()

  /// Arguments of a training that takes a moment.
  static let training = [
    "train", "--data", "train.tsv", "--validation", "train.tsv", "--shape", shape, "--batch", "8",
    "--learning-rate", "3e-3", "--threads", "1",
  ]

  private static let made: Result<Folder, any Error> = Result {
    let folder = try Folder()
    try folder.write("train.tsv", tsv)
    try folder.write("test.tsv", tsv)
    let outcome = try folder.start(training + ["--epochs", "16", "--out", "model"]).wait()
    try #require(outcome.status == 0, "\(outcome.errors)")
    // Nobody lets go of it before the end.
    atexit { try? FileManager.default.removeItem(at: made.get().url) }
    return folder
  }

  /// A new folder that holds `model`, `train.tsv` and `test.tsv` to work with.
  static func folder() throws -> Folder {
    let source = try made.get()
    let folder = try Folder()
    for name in ["model", "train.tsv", "test.tsv"] {
      try FileManager.default.copyItem(at: source[name], to: folder[name])
    }
    return folder
  }
}
