// pare predict

import ArgumentParser
import Foundation
import Pare

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Labels for texts: arguments, a data file, or standard input line by line.",
    discussion: """
      pare predict Models/reviews "Not once did the heater work."
      pare predict Models/reviews --data texts.csv --text-column body
      cat texts.txt | pare predict Models/reviews --json --logits
      """)

  @Argument(help: "A model's folder.")
  var model: String

  @Argument(help: "Texts; standard input where there are none and no --data.")
  var texts: [String] = []

  @Option(help: "A TSV, CSV or JSON Lines file; it needs no labels.")
  var data: String?

  @Flag(help: "With --json, also the logits.")
  var logits = false

  @Flag(help: "With --json, also the token ids.")
  var tokens = false

  @Option(help: "Texts that go through the model together.")
  var batch = 256

  @Option(help: "The longest sequence in tokens; longer texts are truncated, and it is said.")
  var length: Int?

  @OptionGroup var columns: ColumnOptions
  @OptionGroup var common: RunOptions

  private struct Line: Encodable {
    let label: String
    let probabilities: [String: Double]
    let logits: [Float]?
    let tokens: [Int32]?
  }

  func run() throws {
    Interruption.leaveAtOnce()
    guard batch > 0 else { throw InputError("--batch: expected 1 or more, found \(batch)") }
    let classifier = TextClassifier(
      try SavedClassifier(argument: model), maximumLength: length, on: try common.device())
    var waiting: [Example] = []
    func flush() throws {
      try answer(waiting, classifier)
      waiting = []
    }
    func add(_ example: Example) throws {
      waiting.append(example)
      if waiting.count == batch { try flush() }
    }
    if let data {
      let selection = columns.selection(requiresLabel: false)
      let dataset = try Dataset(
        contentsOf: URL(fileURLWithPath: data), columns: selection,
        labelNames: classifier.labelNames)
      try dataset.examples.forEach(add)
    } else {
      try TextInput.forEach(texts) { try add(Example(text: $0)) }
    }
    try flush()
  }

  private func answer(_ examples: [Example], _ classifier: TextClassifier) throws {
    let sequences = try classifier.encode(examples)
    let all = classifier.model.logits(sequences, on: classifier.device)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    for (row, sequence) in zip(all, sequences) {
      let probabilities = logSoftmax(row).map { exp($0) }
      let best = row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }
      if sequence.isTruncated {
        Console.standardError.line(
          "pare: a text was truncated to \(classifier.maximumLength) tokens")
      }
      if common.json {
        let named = zip(classifier.labelNames, probabilities).map { ($0, $1) }
        let line = Line(
          label: classifier.labelNames[best],
          probabilities: Dictionary(uniqueKeysWithValues: named), logits: logits ? row : nil,
          tokens: tokens ? sequence.ids : nil)
        Console.standardOutput.line(String(decoding: try encoder.encode(line), as: UTF8.self))
      } else {
        Console.standardOutput.line(
          classifier.labelNames[best] + "\t" + String(format: "%.4f", probabilities[best]))
      }
    }
  }
}
