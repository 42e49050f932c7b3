// What to cut, as flags.

import ArgumentParser
import Foundation
import Pare

/// What to cut of a model, and how it is chosen.
struct CutFlags: ParsableArguments {
  @Option(help: "Layers to cut: a ratio such as 0.4, or a count such as 2.")
  var layers: String?

  @Option(help: "Attention heads to cut.")
  var heads: String?

  @Option(help: "Feed-forward neurons to cut.")
  var neurons: String?

  @Option(help: "Hidden channels to cut: the width of the model.")
  var channels: String?

  @Option(
    help: "Pieces of the vocabulary to cut: unused, or a ratio or count of the rarest, in --data.")
  var tokens: String?

  @Option(help: "A plan to follow instead of scores.")
  var plan: String?

  @Option(help: "A file to write the plan to, with all that stays.")
  var writePlan: String?

  @Option(
    help: "Scores written by pare score, instead of scoring here; once for each kind of unit.")
  var scores: [String] = []

  @Option(
    help: """
      How units are chosen: \(Criterion.allCases.map(\.rawValue).joined(separator: ", ")). \
      gate-gradient unless given; with a budget, second-order.
      """)
  var criterion: Criterion?

  @Option(help: "Which units compete: those of the model (global) or of each layer (layer).")
  var scope = RankingScope.global

  @Option(help: "Cut in so many steps, scoring anew before each.")
  var steps = 1

  @Option(help: "How much goes in each step: linear, exponential or cubic.")
  var schedule = PruningSchedule.linear

  @Option(
    help: """
      What is left does the work of what was cut, on --data: least-squares, rescale, merge; or none. \
      none unless given; with a budget, least-squares.
      """)
  var reconstruct: Reconstruction?

  @OptionGroup(title: "Budgets") var budget: BudgetFlags

  private var budgets: [(unit: PruningUnit, flag: String, text: String)] {
    [
      (.layers, "--layers", layers), (.heads, "--heads", heads), (.neurons, "--neurons", neurons),
      (.channels, "--channels", channels),
    ].compactMap { unit, flag, text in text.map { (unit, flag, $0) } }
  }

  /// The ways in which units are to be cut; more than one is an error.
  private var ways: Int {
    [!budgets.isEmpty || tokens != nil, plan != nil, !budget.isEmpty].count { $0 }
  }

  /// Whether no unit is to be cut.
  var isEmpty: Bool { ways == 0 }

  func validate() throws {
    guard ways <= 1 else {
      throw ValidationError(
        "Give what to cut, such as --heads 0.4, or a budget, such as --flops 0.5x, or a --plan.")
    }
    if !budget.isEmpty && (steps > 1 || scope == .layer) {
      throw ValidationError("--steps and --scope go with what to cut, not with a budget.")
    }
    if !scores.isEmpty && (plan != nil || steps > 1) {
      throw ValidationError("--scores goes with what to cut, such as --heads, and one step.")
    }
  }

  /// A smaller model and what led to it, with a name where there are several.
  typealias Member = (name: String?, model: SavedClassifier, plan: PruningPlan)

  /// The smaller model, or a family of them.
  func apply(to saved: SavedClassifier, _ setting: CutSetting) throws -> [Member] {
    var options = try options(for: saved.classifier.configuration, seed: setting.seed)
    let given = try scores.map {
      try StrictJSON.decode(ImportanceScores.self, contentsOf: URL(fileURLWithPath: $0))
    }
    if !budget.isEmpty {
      options.removals = [.heads: .count(0), .neurons: .count(0)]
    }
    if let unit = options.units.first(where: { unit in
      !given.isEmpty && !given.contains { $0.unit == unit }
    }) {
      throw InputError("--scores: expected a file with scores of \(unit.rawValue), found none")
    }
    let needsScores = given.isEmpty && plan == nil && !options.units.isEmpty
    let batches =
      (needsScores && options.criterion.needsData) || options.reconstruction != .none
        || !budget.isEmpty
      ? try setting.batches(saved) : try checks(saved)
    let session = CutSession(
      saved: saved, options: options, given: given, batches: batches, setting: setting)
    let results: [(name: String?, model: DenseClassifier, plan: PruningPlan)]
    if let plan {
      let plan = try StrictJSON.decode(
        PruningPlan.self, contentsOf: URL(fileURLWithPath: plan))
      // Tokens leave the tokenizer as well, below.
      var others = plan
      others.tokens = nil
      results = [(nil, try session.prune(by: others), plan)]
    } else if !budget.isEmpty {
      results = try session.prune(to: budget)
    } else {
      let (model, plan) = try session.prune()
      results = [(nil, model, plan)]
    }
    return try results.map { name, model, plan in
      var (smaller, plan) = (saved, plan)
      smaller.classifier = model
      try cutTokens(of: &smaller, &plan, setting)
      if let writePlan {
        let place = name.map { "\(writePlan)-\($0)" } ?? writePlan
        try AtomicFile.write(try StrictJSON.encode(plan), to: try OutputPlace.file(place))
      }
      return (name, smaller, plan)
    }
  }

  /// Takes pieces out of the vocabulary: those that the plan leaves out, or that the data uses
  /// least.
  private func cutTokens(
    of saved: inout SavedClassifier, _ plan: inout PruningPlan, _ setting: CutSetting
  ) throws {
    let pieces = saved.tokenizer.vocabulary.size
    let ids: [Int32]
    if let kept = plan.tokens {
      ids = kept.compactMap { $0 < pieces ? Int32($0) : nil }
    } else if let tokens {
      let counts = try setting.calibration.tokenCounts(saved, columns: setting.columns)
      ids = try selection(tokens, of: pieces).ids(counts)
    } else {
      return
    }
    let (smaller, kept) = try saved.keepingTokens(ids)
    if let asked = plan.tokens, asked != kept.ids.map(Int.init) {
      throw InputError(
        "the plan's tokens: expected those that the tokenizer cannot do without among them "
          + "(\(kept.ids.count) pieces), found \(asked.count)")
    }
    setting.common.say("cut \(pieces - kept.ids.count) of \(pieces) pieces of the vocabulary")
    saved = smaller
    plan.tokens = kept.ids.map(Int.init)
  }

  private func selection(_ text: String, of pieces: Int) throws -> TokenSelection {
    if text == "unused" { return .usedAtLeast(1) }
    do throws(PruningError) {
      return .mostFrequent(pieces - (try PruningBudget(text).removals(of: pieces)))
    } catch {
      guard case .invalidBudget(let expected, let found) = error else { throw error }
      throw InputError("--tokens: expected unused, or \(expected), found \(found)")
    }
  }

  private func options(
    for configuration: EncoderConfiguration, seed: UInt64
  ) throws -> PruningOptions {
    guard steps > 0 else { throw InputError("--steps: expected 1 or more, found \(steps)") }
    var options = PruningOptions()
    options.criterion = criterion ?? (budget.isEmpty ? .gateGradient : .secondOrder)
    options.scope = scope
    options.steps = steps
    options.schedule = schedule
    options.reconstruction = reconstruct ?? (budget.isEmpty ? .none : .leastSquares)
    options.seed = seed
    for (unit, flag, text) in budgets {
      do throws(PruningError) {
        let budget = try PruningBudget(text)
        _ = try budget.removals(of: unit.counts(in: configuration).reduce(0, +))
        options.removals[unit] = budget
      } catch {
        guard case .invalidBudget(let expected, let found) = error else { throw error }
        throw InputError("\(flag): expected \(expected), found \(found)")
      }
    }
    return options
  }

  /// A few sentences to hold closed gates against the cut model, where no data is read.
  private func checks(_ saved: SavedClassifier) throws -> [LabeledBatch] {
    let texts = [
      "The food was good, but we waited far too long.", "Not bad at all!", "Never again.",
      "I had hoped for more; even so, a fair price for what it is, and they were kind.",
    ]
    let most = min(64, saved.classifier.configuration.maximumLength)
    return [
      LabeledBatch(
        try texts.map {
          LabeledSequence(try saved.tokenizer.encode($0, maximumLength: most), label: 0)
        })
    ]
  }
}
