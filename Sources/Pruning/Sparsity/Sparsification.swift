// From a model to a sparse one, in whichever way.

public import Encoders
public import Tensors
public import Training

/// When weights go.
public enum SparsificationMethod: String, Codable, CaseIterable, Sendable {
  /// All at once; what training there is keeps them away.
  case oneShot = "one-shot"
  /// Little by little in training (``GradualSparsification``).
  case gradual
  /// All at once, and in training others may take their place (``RigL``).
  case rigl
  /// By turns in training (``AlternatingSparsification``).
  case acdc
  /// After training, which then begins anew without them (``LotteryTicket``).
  case lottery
}

/// What a sparse model is to be like, and how to get there.
public struct SparsificationOptions: Codable, Equatable, Sendable {
  /// How many weights go, and in which pattern.
  public var target: SparsityTarget
  /// How they are chosen; AC/DC and lottery tickets go by magnitude.
  public var criterion: WeightCriterion
  /// When they go.
  public var method: SparsificationMethod
  /// The numbers of each method.
  public var schedule = SparsificationSchedule()
  public var exchange = RigL.Options()
  public var phases = AlternatingSparsification.Options()
  public var lottery = LotteryTicket.Options()
  /// Decides random scores.
  public var seed: UInt64 = 0

  /// Options with the defaults of the method.
  public init(
    target: SparsityTarget, criterion: WeightCriterion = .magnitude,
    method: SparsificationMethod = .oneShot
  ) {
    (self.target, self.criterion, self.method) = (target, criterion, method)
  }
}

/// A training run that somebody else is to make.
public struct SparsificationRun: Sendable {
  /// A name of its own among the runs, for the folder of its state; `last` is the one that counts.
  public let name: String
  /// The steps to take; all unless given.
  public let steps: Range<Int>?
  /// What keeps the model sparse.
  public let transform: any StepTransform
}

/// Makes a model sparse as options say: before training, and in it.
///
/// Without options it keeps a sparse model as sparse as it is.
public struct Sparsification: Sendable {
  private let options: SparsificationOptions?
  private let device: Device

  /// A way to a sparse model; throws for options that do not go together.
  public init(_ options: SparsificationOptions?, on device: Device) throws(SparsityError) {
    (self.options, self.device) = (options, device)
    guard let options else { return }
    switch options.method {
    case .oneShot: try OneShotSparsifier.validate(options.target, options.criterion)
    case .rigl:
      try OneShotSparsifier.validate(options.target, options.criterion)
      try options.exchange.validate(for: options.target.pattern)
    case .gradual:
      try GradualSparsification.validate(options.target, options.schedule, options.criterion)
    case .acdc, .lottery:
      try options.target.validate()
      try options.phases.validate()
      try options.lottery.validate()
      guard options.criterion == .magnitude else {
        throw .invalidOption(
          name: "weight-criterion", expected: "magnitude, which \(options.method.rawValue) goes by",
          found: options.criterion.rawValue)
      }
    }
  }

  /// Whether weights go only in training.
  public var needsTraining: Bool { options.map { $0.method != .oneShot } ?? false }

  /// Whether weights are chosen before training by what examples tell.
  public var needsData: Bool {
    guard let options else { return false }
    return [.oneShot, .rigl].contains(options.method) && options.criterion.needsData
  }

  /// What happens before training: the cut of one shot, and the first one of RigL. Returns the mask
  /// where there is one.
  public func cut(
    _ model: inout DenseClassifier, on batches: [LabeledBatch],
    observe: (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) throws(SparsityError) -> WeightMask? {
    guard let options, [.oneShot, .rigl].contains(options.method) else { return nil }
    return try OneShotSparsifier(
      to: options.target, by: options.criterion, seed: options.seed, on: batches, device: device
    ).sparsify(&model, observe: observe)
  }

  /// Trains `model`, after its ``cut(_:on:observe:)`` where there was one, through `run`: once, but
  /// for lottery tickets. A whole run has `stepCount` steps. `mask` is what the cut gave.
  public func train(
    _ model: inout DenseClassifier, keeping mask: WeightMask?, stepCount: Int,
    run: (_ run: SparsificationRun, _ model: inout DenseClassifier) throws -> Void
  ) throws {
    func once(_ transform: any StepTransform) throws {
      try run(SparsificationRun(name: "last", steps: nil, transform: transform), &model)
    }
    let zeros = mask ?? WeightMask(zerosOf: model)
    let constant = transform(keeping: zeros)
    guard let options else { return try once(constant) }
    switch options.method {
    case .oneShot: try once(constant)
    case .gradual:
      try once(
        GradualSparsification(
          of: model, to: options.target, schedule: options.schedule, criterion: options.criterion))
    case .rigl:
      let first =
        zeros
        ?? WeightMask(
          keepingAllOf: model, pattern: options.target.pattern,
          includingPooler: options.target.includesPooler)
      try once(
        RigL(from: first, options: options.exchange, blockScore: options.target.blockScore))
    case .acdc:
      try once(
        AlternatingSparsification(of: model, to: options.target, options: options.phases))
    case .lottery:
      let search = try LotteryTicket(to: options.target, options: options.lottery, on: device)
      _ = try search.find(in: &model, stepCount: stepCount) { part, model in
        let transform = transform(keeping: part.mask)
        try run(
          SparsificationRun(name: part.name, steps: part.steps, transform: transform), &model)
      }
    }
  }

  private func transform(keeping mask: WeightMask?) -> any StepTransform {
    if let mask { ConstantMask(mask) } else { Untransformed() }
  }
}
