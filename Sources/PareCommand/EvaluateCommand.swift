// pare evaluate

import ArgumentParser
import Foundation
import Pare

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Accuracy with intervals, by slice, beside baselines.",
    discussion: """
      pare evaluate Models/reviews --data Datasets/reviews/test.tsv
      pare evaluate Models/reviews --data mine.csv --text-column body --label-column stars

      The bag of words learns from --baseline, or from a file named train beside the data.
      """)

  @Argument(help: "A model's folder.")
  var model: String

  @Option(help: "A TSV, CSV or JSON Lines file with labels.")
  var data: String

  @Option(help: "What the bag-of-words baseline learns from.")
  var baseline: String?

  @Option(help: "The longest sequence in tokens.")
  var length: Int?

  @OptionGroup var columns: ColumnOptions
  @OptionGroup var common: RunOptions

  func run() throws {
    Interruption.leaveAtOnce()
    let device = try common.device()
    let saved = try SavedClassifier(argument: model)
    let dataset = try columns.read(data, labelNames: saved.labelNames)
    let training =
      try baseline.map { try columns.read($0, labelNames: saved.labelNames) }
      // What nobody asked for may be unfit: it is left out then.
      ?? sibling.flatMap { try? columns.read($0, labelNames: saved.labelNames) }
    let predictions = try saved.predictions(on: dataset, maximumLength: length, device: device)
    let report = EvaluationReport(predictions, on: dataset, training: training)
    try common.report(report)
    common.say(report.text)
    if training == nil { common.say("no bag of words: name its training data with --baseline") }
  }

  /// A file named `train` beside the data, of the same kind.
  private var sibling: String? {
    let url = URL(fileURLWithPath: data)
    let train = url.deletingLastPathComponent()
      .appendingPathComponent("train").appendingPathExtension(url.pathExtension)
    func place(_ url: URL) -> String { url.standardizedFileURL.resolvingSymlinksInPath().path }
    let isOther = place(train) != place(url)
    return isOther && FileManager.default.fileExists(atPath: train.path) ? train.path : nil
  }
}

extension EvaluationReport {
  /// The figures as tables.
  var text: String {
    var figures = Table([
      "on \(count) examples", "accuracy", "95 % interval", "p against the model",
    ])
    func row(_ name: String, _ accuracy: Double, _ interval: Interval, _ last: String) {
      figures.add([name, Format.percent(accuracy), interval.text, last])
    }
    row("the model", accuracy, interval, "")
    for baseline in baselines {
      row(
        baseline.name, baseline.accuracy, baseline.interval,
        String(format: "%.2g", baseline.pValue))
    }
    var slices = Table(["slice", "examples", "accuracy", "95 % interval"])
    for slice in self.slices {
      slices.add([
        "\(slice.column) \(slice.value)", "\(slice.count)", Format.percent(slice.accuracy),
        slice.interval.text,
      ])
    }
    let summary = String(format: "loss %.4f, macro F1 %.4f", loss, f1)
    return figures.text + "\n\n" + summary + (self.slices.isEmpty ? "" : "\n\n" + slices.text)
  }
}

extension Interval {
  /// A share's interval in percent.
  var text: String { String(format: "%.1f–%.1f", low * 100, high * 100) }
}
