// pare score

import ArgumentParser
import Foundation
import Pare

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "How much each unit of a model matters.",
    discussion: """
      pare score heads Models/reviews --data Datasets/reviews/train.tsv
      pare score heads Models/reviews --data train.tsv --criterion ablation --out scores.json
      pare score heads Models/reviews --data train.tsv --criterion all     each against ablation
      pare score neurons Models/reviews --criterion magnitude
      """)

  @Argument(help: "What to score: \(PruningUnit.allCases.map(\.rawValue).joined(separator: ", ")).")
  var unit: PruningUnit

  @Argument(help: "A model's folder.")
  var model: String

  @Option(help: "\(Criterion.allCases.map(\.rawValue).joined(separator: ", ")), or all.")
  var criterion = CriterionChoice.one(.gateGradient)

  @Option(help: "A file to write the scores to, for pare prune --scores.")
  var out: String?

  @OptionGroup var calibration: CalibrationFlags
  @OptionGroup var columns: ColumnOptions
  @OptionGroup var common: RunOptions

  func validate() throws {
    if case .all = criterion, out != nil {
      throw ValidationError("--out goes with one criterion, not with all.")
    }
  }

  func run() throws {
    Interruption.leaveAtOnce()
    let place = try out.map(OutputPlace.file)
    let device = try common.device()
    let saved = try SavedClassifier(argument: model)
    let names =
      switch criterion {
      case .one(let name): [name]
      case .all: Criterion.allCases.filter { $0.units.contains(unit) }
      }
    let batches =
      names.contains(where: \.needsData) ? try calibration.batches(saved, columns: columns) : []
    var criteria = names.map { $0.make(for: [unit], seed: calibration.seed) }
    var bar = ProgressBar(total: batches.count)
    calibrate(&criteria, on: batches, through: saved.classifier, device: device) {
      bar.show($0, "scoring \(unit.rawValue)")
    }
    Console.standardError.finishProgress()
    let scores = try criteria.map { try $0.scores(of: saved.classifier, per: unit) }
    for scores in scores { try scores.validate(for: saved.classifier.configuration) }
    guard case .one = criterion else { return try compare(scores) }
    if let place { try AtomicFile.write(try StrictJSON.encode(scores[0]), to: place) }
    try common.report(scores[0])
    common.say("\(unit.rawValue) by \(names[0].rawValue); higher matters more\n")
    let map = HeatMap(values: scores[0].values, usesColor: Console.standardOutput.usesColor)
    common.say(map.text)
    if let out { common.say("\nscores in \(out)") }
  }

  /// How each criterion ranks, beside the truth and beside chance.
  private func compare(_ scores: [ImportanceScores]) throws {
    guard let truth = scores.first(where: { $0.criterion == .ablation }),
      let chance = scores.first(where: { $0.criterion == .random })
    else { throw InputError("\(unit.rawValue): nothing to compare criteria with") }
    var table = Table(["criterion", "against ablation", "against random"])
    var rows: [CriterionComparison] = []
    for scores in scores {
      let row = CriterionComparison(
        criterion: scores.criterion,
        ablation: rankCorrelation(scores.values.flatMap { $0 }, truth.values.flatMap { $0 }),
        random: rankCorrelation(scores.values.flatMap { $0 }, chance.values.flatMap { $0 }))
      rows.append(row)
      table.add([
        row.criterion.rawValue, String(format: "%.2f", row.ablation),
        String(format: "%.2f", row.random),
      ])
    }
    for row in rows { try common.output.report(line: row) }
    common.say(
      "Spearman's rank correlation over \(truth.values.joined().count) \(unit.rawValue)\n")
    common.say(table.text)
  }
}

/// How a criterion ranks beside the truth and beside chance.
private struct CriterionComparison: Encodable {
  let criterion: Criterion
  let ablation, random: Double
}

/// A criterion by name, or all of them.
enum CriterionChoice: ExpressibleByArgument, CustomStringConvertible {
  case one(Criterion)
  case all

  init?(argument: String) {
    if argument == "all" {
      self = .all
    } else if let criterion = Criterion(rawValue: argument) {
      self = .one(criterion)
    } else {
      return nil
    }
  }

  var description: String {
    switch self {
    case .one(let criterion): criterion.rawValue
    case .all: "all"
    }
  }
}
