// Sparse parts of a network that learn as well as the whole.

public import Encoders
import Foundation
public import Tensors

/// A training run that somebody else is to make.
public struct LotteryRun: Sendable {
  /// A name of its own among the runs of a search, such as `round-1`: for the folder of its state.
  public let name: String
  /// The steps of the run to take.
  public let steps: Range<Int>
  /// What stays zero.
  public let mask: WeightMask?
}

/// Finds a lottery ticket (Frankle & Carbin, 2019, arXiv:1803.03635): train, take the smallest
/// weights away, put the rest back to what they were early in training (Frankle et al., 2020,
/// arXiv:1912.05671), and train again.
///
/// Runs that were finished cost nothing when they are resumed, so that a search can be stopped at
/// any moment.
public struct LotteryTicket: Sendable {
  /// What the ticket is compared with.
  public enum Control: String, Codable, CaseIterable, Sendable {
    /// Nothing: the ticket itself.
    case ticket
    /// As many weights of the whole model, by chance.
    case randomMask = "random-mask"
    /// As many weights of each matrix as the ticket has there, by chance.
    case shuffledMask = "shuffled-mask"
    /// The ticket's mask on a model of random weights.
    case freshInitialization = "fresh-initialization"
  }

  /// How to search.
  public struct Options: Codable, Equatable, Sendable {
    /// Rounds of training and taking away, each of which takes the same share of what is left.
    public var rounds = 1
    /// The step that weights are put back to.
    public var rewindStep = 0
    /// What is trained in the end.
    public var control = Control.ticket
    /// Decides the controls' chance.
    public var seed: UInt64 = 0

    /// The defaults: one round, and back to the start.
    public init() {}

    /// Throws for numbers that cannot be meant.
    func validate() throws(SparsityError) {
      guard rounds > 0 else {
        throw .invalidOption(name: "rounds", expected: "1 or more", found: "\(rounds)")
      }
      guard rewindStep >= 0 else {
        throw .invalidOption(name: "rewind", expected: "step 0 or later", found: "\(rewindStep)")
      }
    }
  }

  private let target: SparsityTarget
  private let options: Options
  private let device: Device

  /// A search; throws for numbers that cannot be meant.
  public init(
    to target: SparsityTarget, options: Options = .init(), on device: Device
  ) throws(SparsityError) {
    try target.validate()
    try options.validate()
    (self.target, self.options, self.device) = (target, options, device)
  }

  /// Trains `model` into the ticket, or into what it is compared with, and returns the mask.
  ///
  /// `train` makes each run, of `stepCount` steps in all, from the model it is given; what it
  /// throws ends the search.
  public func find(
    in model: inout DenseClassifier, stepCount: Int,
    train: (_ run: LotteryRun, _ model: inout DenseClassifier) throws -> Void
  ) throws -> WeightMask {
    let first = options.rewindStep
    guard first < stepCount else {
      throw SparsityError.invalidOption(
        name: "rewind", expected: "a step before the last of \(stepCount)", found: "\(first)")
    }
    var early = model
    if first > 0 { try train(LotteryRun(name: "rewind", steps: 0..<first, mask: nil), &early) }
    let mask = try mask(from: model, early, stepCount, train)
    if options.control == .freshInitialization {
      early = DenseClassifier(model.configuration, seed: options.seed &+ 1)
    }
    try mask.apply(to: &early, on: device)
    try train(LotteryRun(name: "last", steps: first..<stepCount, mask: mask), &early)
    model = early
    return mask
  }

  private func mask(
    from start: DenseClassifier, _ early: DenseClassifier, _ stepCount: Int,
    _ train: (LotteryRun, inout DenseClassifier) throws -> Void
  ) throws -> WeightMask {
    let includesPooler = target.includesPooler
    if options.control == .randomMask {
      let scores = WeightScores(
        randomFor: start, seed: options.seed, includingPooler: includesPooler, on: device)
      return try scores.mask(for: target, on: device)
    }
    var mask: WeightMask?
    for round in 1...options.rounds {
      var model = early
      try mask?.apply(to: &model, on: device)
      if mask == nil { model = start }
      let steps = mask == nil ? 0..<stepCount : options.rewindStep..<stepCount
      try train(LotteryRun(name: "round-\(round)", steps: steps, mask: mask), &model)
      let scores = WeightScores(magnitudesOf: model, includingPooler: includesPooler)
      mask = try scores.mask(for: target, progress: progress(round), gone: mask, on: device)
    }
    let found =
      mask
      ?? WeightMask(
        keepingAllOf: start, pattern: target.pattern, includingPooler: includesPooler)
    return options.control == .shuffledMask
      ? found.shuffled(in: target.pattern, seed: options.seed) : found
  }

  /// The share of the way to the target after a round: each leaves the same share of what there is.
  private func progress(_ round: Int) -> Double {
    guard round < options.rounds, target.ratio > 0 else { return 1 }
    let left = pow(1 - target.ratio, Double(round) / Double(options.rounds))
    return (1 - left) / target.ratio
  }
}

extension WeightMask {
  /// As many bits of each matrix in other places; of N:M in other places of each group.
  fileprivate func shuffled(in pattern: SparsityPattern, seed: UInt64) -> WeightMask {
    var copy = self
    for (index, name) in names.enumerated() {
      guard let mask = matrices[name] else { continue }
      var stream = RandomStream(seed, 0x5f7ff1e, UInt64(index))
      var isKept = mask.isKept
      if case .nOfM(_, let of) = pattern {
        for row in stride(from: 0, to: isKept.count, by: max(1, mask.blockColumns)) {
          for start in stride(from: row, to: row + mask.blockColumns, by: of) {
            isKept[start..<min(start + of, row + mask.blockColumns)].shuffle(using: &stream)
          }
        }
      } else {
        isKept.shuffle(using: &stream)
      }
      copy.matrices[name] = MatrixMask(isKept, block: mask.block, shape: mask.shape)
    }
    return copy
  }
}
