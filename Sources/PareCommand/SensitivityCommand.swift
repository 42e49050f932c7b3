// pare sensitivity

import ArgumentParser
import Foundation
import Pare

struct SensitivityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sensitivity",
    abstract: "What a model loses when heads or neurons are cut from one layer alone.",
    discussion: """
      pare sensitivity Models/reviews --data Datasets/reviews/train.tsv
      pare sensitivity Models/reviews --data train.tsv --out sensitivity.json
      pare prune Models/reviews --sensitivity sensitivity.json --flops 0.5x --data train.tsv --out half
      """)

  @Argument(help: "A model's folder.")
  var model: String

  @Option(help: "How units are ordered within a layer.")
  var criterion = Criterion.secondOrder

  @Option(help: "Whether what is left is fitted to what was: least-squares or none.")
  var reconstruct = Reconstruction.leastSquares

  @Option(help: "A file to write the figures to, for pare prune --sensitivity.")
  var out: String?

  @OptionGroup var calibration: CalibrationFlags
  @OptionGroup var columns: ColumnOptions
  @OptionGroup var common: RunOptions

  func run() throws {
    Interruption.leaveAtOnce()
    let place = try out.map(OutputPlace.file)
    let device = try common.device()
    let saved = try SavedClassifier(argument: model)
    let setting = CutSetting(
      calibration: calibration, columns: columns, common: common, device: device, store: .f32,
      validation: nil)
    var options = PruningOptions()
    options.removals = [.heads: .count(0), .neurons: .count(0)]
    options.criterion = criterion
    options.seed = calibration.seed
    let batches = try setting.batches(saved)
    var bar = ProgressBar(total: batches.count)
    let scores = try Pruner(options, on: batches, device: device).scores(of: saved.classifier) {
      if case .scored(let done, _) = $0 { bar.show(done, "scoring by \(criterion.rawValue)") }
    }
    Console.standardError.finishProgress()
    let sensitivity = try setting.sensitivity(
      saved, scores, batches, examples: calibration.examples, reconstruction: reconstruct)
    if let place { try AtomicFile.write(try StrictJSON.encode(sensitivity), to: place) }
    try common.report(sensitivity)
    for unit in [PruningUnit.heads, .neurons, .layers] { show(unit, sensitivity) }
    if let out { common.say("sensitivity in \(out)") }
  }

  /// A row for each layer: the accuracy with each number of units, and the divergence as a picture.
  private func show(_ unit: PruningUnit, _ sensitivity: Sensitivity) {
    let curves = sensitivity.curves.filter { $0.unit == unit }
    guard let longest = curves.max(by: { $0.points.count < $1.points.count }) else { return }
    let most = curves.flatMap { $0.points.map(\.divergence) }.max() ?? 0
    var table = Table(
      ["\(unit.rawValue) left"] + longest.points.map { "\($0.kept)" } + ["divergence"])
    for curve in curves.reversed() {
      table.add(
        ["layer \(curve.layer)"] + curve.points.map { Format.percent($0.accuracy) }
          + [Sparkline(curve.points.map(\.divergence), most: most).text])
    }
    common.say(table.text + "\n")
  }
}

/// Numbers as a row of bars.
struct Sparkline {
  let text: String

  /// Bars of heights relative to `most`.
  init(_ values: [Double], most: Double) {
    let bars = Array("▁▂▃▄▅▆▇█")
    text = String(
      values.map { value in
        bars[min(bars.count - 1, Int((most > 0 ? value / most : 0) * Double(bars.count)))]
      })
  }
}
