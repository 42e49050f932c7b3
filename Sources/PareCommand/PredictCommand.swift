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

  func validate() throws {
    if data != nil && !texts.isEmpty { throw ValidationError("Give either texts or --data.") }
    if (logits || tokens) && !common.json {
      throw ValidationError("--logits and --tokens go with --json.")
    }
  }

  func run() throws {
    Interruption.leaveAtOnce()
    guard batch > 0 else { throw InputError("--batch: expected 1 or more, found \(batch)") }
    let classifier = TextClassifier(
      try SavedClassifier(argument: model), maximumLength: length, on: try common.device())
    var waiting: [Example] = []
    var truncatedCount = 0
    func flush() throws {
      truncatedCount += try answer(waiting, classifier)
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
      try TextInput.forEach(texts, whenIdle: flush) { try add(Example(text: $0)) }
    }
    try flush()
    if truncatedCount > 0 {
      Console.standardError.line(
        "pare: \(truncatedCount) \(truncatedCount == 1 ? "text was" : "texts were") truncated to "
          + "\(classifier.maximumLength) tokens")
    }
  }

  /// Writes the answers, and returns how many of the texts were truncated.
  private func answer(_ examples: [Example], _ classifier: TextClassifier) throws -> Int {
    let sequences = try classifier.encode(examples)
    let all = try classifier.model.logits(sequences, on: classifier.device).checked()
    for (row, sequence) in zip(all, sequences) {
      let probabilities = logSoftmax(row).map { exp($0) }
      let best = row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }
      let named = zip(classifier.labelNames, probabilities).map { ($0, $1) }
      try common.output.report(
        line: Line(
          label: classifier.labelNames[best],
          probabilities: Dictionary(named, uniquingKeysWith: +), logits: logits ? row : nil,
          tokens: tokens ? sequence.ids : nil))
      common.say(classifier.labelNames[best] + "\t" + String(format: "%.4f", probabilities[best]))
    }
    try Console.standardOutput.check()
    return sequences.count { $0.isTruncated }
  }
}
