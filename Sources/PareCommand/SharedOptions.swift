// Flags that mean the same in every command.

import ArgumentParser
import Foundation
import Pare

/// How results are shown.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON instead of tables: one object, or one a line where there are several.")
  var json = false

  /// A line for people; silent with --json.
  func say(_ text: String = "") {
    if !json { Console.standardOutput.line(text) }
  }

  /// The result for programs; silent without --json.
  func report(_ value: some Encodable) throws {
    if json {
      Console.standardOutput.write(String(decoding: try StrictJSON.encode(value), as: UTF8.self))
    }
  }

  /// One of several results for programs, on a line of its own.
  func report(line value: some Encodable) throws {
    guard json else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    Console.standardOutput.line(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}

/// How to run.
struct RunOptions: ParsableArguments {
  @Option(help: "Threads; all of the machine's unless given. Results do not depend on it.")
  var threads: Int?

  @OptionGroup var output: OutputOptions

  func device() throws -> Device {
    let count = threads ?? ProcessInfo.processInfo.activeProcessorCount
    guard (1...1024).contains(count) else {
      throw InputError("--threads: expected 1 to 1024, found \(count)")
    }
    return Device(threads: count)
  }

  var json: Bool { output.json }

  /// A line for people; silent with --json.
  func say(_ text: String = "") { output.say(text) }

  /// The result for programs; silent without --json.
  func report(_ value: some Encodable) throws { try output.report(value) }
}

/// Which columns of a data file to read.
struct ColumnOptions: ParsableArguments {
  @Option(help: "The column of the text; found by its name (text, sentence, review) unless given.")
  var textColumn: String?

  @Option(help: "The column of the second text of a pair.")
  var secondTextColumn: String?

  @Option(help: "The column of the label; found by its name (label, sentiment, class).")
  var labelColumn: String?

  func selection(requiresLabel: Bool = true) -> ColumnSelection {
    ColumnSelection(
      text: textColumn, secondText: secondTextColumn, label: labelColumn,
      requiresLabel: requiresLabel)
  }

  func read(_ path: String, labelNames: [String]?) throws -> Dataset {
    let url = URL(fileURLWithPath: path)
    return try Dataset(contentsOf: url, columns: selection(), labelNames: labelNames)
  }
}

extension Dataset {
  /// Every example as tokens with its label.
  func sequences(
    _ tokenizer: any Tokenizer, maximumLength: Int
  ) throws -> [LabeledSequence] {
    try examples.map {
      LabeledSequence(
        try tokenizer.encode($0, maximumLength: maximumLength), label: $0.label ?? 0)
    }
  }

  /// `count` examples chosen by chance, in their order; all where there are no more.
  func sample(_ count: Int, seed: UInt64) -> Dataset {
    guard count < examples.count else { return self }
    var stream = RandomStream(seed, 0x5a4)
    let chosen = stream.permutation(examples.count).prefix(count).sorted()
    return Dataset(examples: chosen.map { examples[$0] }, labelNames: labelNames)
  }
}

extension SavedClassifier {
  /// Reads the folder that an argument names, and says what was notable about it. `seed` is for
  /// parts that the folder has no weights for.
  init(argument path: String, seed: UInt64 = 0) throws {
    try self.init(contentsOf: URL(fileURLWithPath: path), seed: seed)
    for note in notes { Console.standardError.line("pare: \(note)") }
  }

  /// The answers on a dataset.
  func predictions(
    on dataset: Dataset, maximumLength: Int? = nil, device: Device
  ) throws -> Predictions {
    let classifier = TextClassifier(self, maximumLength: maximumLength, on: device)
    return Predictions(
      logits: try classifier.logits(dataset.examples).checked(),
      labels: dataset.examples.map { $0.label ?? 0 })
  }
}

extension [[Float]] {
  /// The same logits; throws if one is NaN or infinite.
  func checked() throws -> Self {
    guard joined().allSatisfy(\.isFinite) else {
      throw InputError(
        "the model's answers are not finite numbers: its weights are damaged, or training diverged; "
          + "copy the model again, or train with a lower --learning-rate")
    }
    return self
  }
}

/// Adds a step to a model's card.
struct History {
  let command: String
  let seed: UInt64?
  private(set) var data: [String: String] = [:]
  var figures: [String: Double] = [:]
  private let parent: String?

  /// A step that starts from the model in `parent`, if there is one.
  init(_ command: String, seed: UInt64?, parent: String? = nil, data: [String?]) throws {
    self.command = command
    self.seed = seed
    self.parent = try parent.map {
      let weights = try TensorFiles(contentsOf: URL(fileURLWithPath: $0))
      return try Fingerprint(contentsOf: URL(fileURLWithPath: weights.path)).text
    }
    for path in data.compactMap({ $0 }) {
      let url = URL(fileURLWithPath: path)
      self.data[url.lastPathComponent] = try Fingerprint(contentsOf: url).text
    }
  }

  func appended(to card: ModelCard) -> ModelCard {
    var card = card
    card.steps.append(
      ModelStep(
        command: "pare " + command, arguments: Array(CommandLine.arguments.dropFirst(2)),
        seed: seed, data: data, parent: parent, figures: figures, version: pareVersion))
    return card
  }
}

/// What prune, train and their like print with --json.
struct ModelResult: Encodable {
  let model: String
  var before: EvaluationReport?
  var after: EvaluationReport?
}
