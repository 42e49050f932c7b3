// Weights go all at once, without training.

public import Encoders
public import Tensors
public import Training

/// Makes a model sparse in one step: scores, a mask, zeros; and where the criterion does so, other
/// weights that make up for those that went.
public struct OneShotSparsifier: Sendable {
  private let target: SparsityTarget
  private let criterion: WeightCriterion
  private let seed: UInt64
  private let batches: [LabeledBatch]
  private let device: Device

  /// A sparsifier that learns from given batches, which may be empty where the criterion needs
  /// none; `seed` is for chance. Throws for a target that cannot be meant, and for movement, which
  /// shows only in training.
  public init(
    to target: SparsityTarget, by criterion: WeightCriterion, seed: UInt64 = 0,
    on batches: [LabeledBatch] = [], device: Device
  ) throws(SparsityError) {
    try Self.validate(target, criterion)
    if criterion.needsData && batches.isEmpty { throw .noCalibrationData(criterion: criterion) }
    (self.target, self.criterion, self.seed) = (target, criterion, seed)
    (self.batches, self.device) = (batches, device)
  }

  /// Throws for what cannot be meant.
  static func validate(
    _ target: SparsityTarget, _ criterion: WeightCriterion
  ) throws(SparsityError) {
    try target.validate()
    if criterion == .movement {
      throw .invalidOption(
        name: "weight-criterion",
        expected: "a criterion of a model as it is; movement shows in "
          + "gradual sparsification", found: criterion.rawValue)
    }
    if criterion == .secondOrder && target.scope == .global {
      throw .invalidOption(
        name: "weight-scope",
        expected: "matrix or output: second-order errors of different layers "
          + "do not compare", found: target.scope.rawValue)
    }
  }

  /// Sets weights of `model` to zero and returns the mask of those that stay. What is zero already
  /// counts, and stays so where the criterion leaves weights as they are. `observe` hears of
  /// batches, or of layers, that are done, and how many there are.
  public func sparsify(
    _ model: inout DenseClassifier, observe: (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) throws(SparsityError) -> WeightMask {
    guard var importance = criterion.make(seed: seed) else {
      return try SecondOrderSparsifier(target: target, batches: batches, device: device)
        .sparsify(&model, observe: observe)
    }
    let includesPooler = target.includesPooler
    importance.observe(
      batches, through: model, includingPooler: includesPooler, on: device,
      heard: { observe($0, batches.count) })
    var scores = WeightScores([])
    for (place, weight) in model.matrices(includingPooler: includesPooler) {
      guard let values = importance.scores(of: place, weight, on: device) else {
        throw .noCalibrationData(criterion: criterion)
      }
      scores.matrices.append((place, values))
    }
    let gone = WeightMask(
      zeroBlocksOf: model, pattern: target.pattern, includingPooler: includesPooler)
    let mask = try scores.mask(for: target, gone: gone, on: device)
    try mask.apply(to: &model, on: device)
    return mask
  }
}

extension WeightScores {
  /// |w| of each weight.
  public init(magnitudesOf model: DenseClassifier, includingPooler: Bool = false) {
    self.init(
      model.matrices(includingPooler: includingPooler).map { ($0.place, $0.weight.absolute) })
  }

  /// Uniform random scores.
  init(randomFor model: DenseClassifier, seed: UInt64, includingPooler: Bool, on device: Device) {
    let random = RandomWeights(seed: seed)
    self.init(
      model.matrices(includingPooler: includingPooler).map { place, weight in
        (place, random.scores(of: place, weight, on: device) ?? weight)
      })
  }
}
