// How a model is made sparse, as flags.

public import ArgumentParser
import Foundation
public import Pare

/// Which single weights become zero, and when.
struct SparsityFlags: ParsableArguments {
  @Option(help: "The share of the layers' weights to set to zero, such as 0.9.")
  var weights: Double?

  @Option(
    help: "Which go together: weights, blocks such as 4x1 (outputs x inputs), or N:M such as 2:4.")
  var pattern: SparsityPattern?

  @Option(
    help:
      "How weights are chosen: \(WeightCriterion.allCases.map(\.rawValue).joined(separator: ", "))."
  )
  var weightCriterion: WeightCriterion?

  @Option(help: "Which weights compete: those of the model (global), of a matrix, or of an output.")
  var weightScope: SparsityScope?

  @Option(help: "How blocks are scored: by the sum of their weights' scores, or root-mean-square.")
  var blockScore = BlockScore.sum

  @Flag(help: "The pooler's matrix as well.")
  var sparsePooler = false

  @Option(
    help: """
      When weights go: one-shot before training; in training gradual, rigl, acdc, or lottery, which trains more than once.
      """)
  var sparsify: SparsificationMethod?

  @Option(help: "Steps from one choice of weights to the next, for gradual and rigl.")
  var sparsifyInterval: Int?

  @Option(help: "The share of the training at which the first weights go, for gradual.")
  var sparsifyStart: Double?

  @Option(help: "The share at which the last are gone, for gradual; the last exchange, for rigl.")
  var sparsifyEnd: Double?

  @Option(help: "Rounds of training and taking away, for lottery.")
  var rounds: Int?

  @Option(help: "The step that weights are put back to, for lottery.")
  var rewind: Int?

  @Option(
    help:
      "What lottery trains in the end: \(LotteryTicket.Control.allCases.map(\.rawValue).joined(separator: ", "))."
  )
  var lotteryControl: LotteryTicket.Control?

  /// Whether weights are to become zero.
  var isActive: Bool { weights != nil || pattern?.ratio != nil }

  func validate() throws {
    let isOther =
      pattern != nil || weightCriterion != nil || weightScope != nil || sparsify != nil
      || sparsePooler || blockScore != .sum
    if isOther && !isActive {
      throw ValidationError("Say how many weights are to become zero, such as --weights 0.9.")
    }
    func only(_ flag: String, _ isGiven: Bool, _ methods: [SparsificationMethod]) throws {
      guard isGiven, !methods.contains(sparsify ?? .oneShot) else { return }
      let names = methods.map(\.rawValue).joined(separator: " or ")
      throw ValidationError("\(flag) goes with --sparsify \(names).")
    }
    try only("--sparsify-interval", sparsifyInterval != nil, [.gradual, .rigl])
    try only("--sparsify-start", sparsifyStart != nil, [.gradual])
    try only("--sparsify-end", sparsifyEnd != nil, [.gradual, .rigl])
    try only("--rounds", rounds != nil, [.lottery])
    try only("--rewind", rewind != nil, [.lottery])
    try only("--lottery-control", lotteryControl != nil, [.lottery])
  }

  /// The way to a sparse model; without weights to cut, it keeps a sparse model sparse.
  ///
  /// `isTraining` says whether training follows, `hasData` whether there are examples to learn
  /// from.
  func sparsification(
    seed: UInt64, isTraining: Bool, hasData: Bool, device: Device
  ) throws -> Sparsification {
    let options = isActive ? options(seed: seed) : nil
    let way: Sparsification
    do throws(SparsityError) { way = try Sparsification(options, on: device) } catch {
      guard case .invalidOption(let name, let expected, let found) = error else { throw error }
      throw InputError("--\(name): expected \(expected), found \(found)")
    }
    if way.needsTraining && !isTraining {
      let method = options?.method ?? .oneShot
      throw InputError("--sparsify \(method.rawValue) needs training: give --fine-tune and --data")
    }
    if let options, way.needsData && !hasData {
      throw SparsityError.noCalibrationData(criterion: options.criterion)
    }
    return way
  }

  /// What goes before training; says how much. Returns the mask where something went.
  func cut(
    _ saved: inout SavedClassifier, _ way: Sparsification, _ setting: CutSetting
  ) throws -> WeightMask? {
    let batches = way.needsData ? try setting.batches(saved) : []
    var bar: ProgressBar?
    let mask = try way.cut(&saved.classifier, on: batches) { done, total in
      if bar == nil { bar = ProgressBar(total: total) }
      bar?.show(done, "choosing weights")
    }
    Console.standardError.finishProgress()
    if let mask {
      setting.common.say(
        "\(Format.percent(mask.ratio)) of \(Format.count(mask.weightCount)) weights are zero, in the "
          + "pattern \(mask.pattern)")
    }
    return mask
  }

  private func options(seed: UInt64) -> SparsificationOptions {
    let criterion = weightCriterion ?? .magnitude
    var target = SparsityTarget(
      ratio: weights ?? 0, pattern: pattern ?? .weights,
      scope: weightScope ?? criterion.usualScope)
    // Also where N:M has a ratio of its own: another one is refused.
    target.ratio = weights ?? target.ratio
    target.blockScore = blockScore
    target.includesPooler = sparsePooler
    var options = SparsificationOptions(
      target: target, criterion: criterion, method: sparsify ?? .oneShot)
    options.seed = seed
    options.schedule.interval = sparsifyInterval ?? options.schedule.interval
    options.schedule.start = sparsifyStart ?? options.schedule.start
    options.schedule.end = sparsifyEnd ?? options.schedule.end
    options.exchange.interval = sparsifyInterval ?? options.exchange.interval
    options.exchange.end = sparsifyEnd ?? options.exchange.end
    options.lottery.rounds = rounds ?? options.lottery.rounds
    options.lottery.rewindStep = rewind ?? options.lottery.rewindStep
    options.lottery.control = lotteryControl ?? options.lottery.control
    options.lottery.seed = seed
    return options
  }
}

extension SparsityPattern: ExpressibleByArgument {
  public init?(argument: String) {
    guard let pattern = try? SparsityPattern(argument) else { return nil }
    self = pattern
  }
}

extension WeightCriterion: ExpressibleByArgument {}
extension SparsityScope: ExpressibleByArgument {}
extension BlockScore: ExpressibleByArgument {}
extension SparsificationMethod: ExpressibleByArgument {}
extension LotteryTicket.Control: ExpressibleByArgument {}
