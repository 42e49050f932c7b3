// Weights go while the rest learns, a few at a time.

public import Encoders
public import Tensors
public import Training

/// When weights go, in shares of a run.
public struct SparsificationSchedule: Codable, Equatable, Sendable {
  /// The shares of the run at which the first weights go and the last are gone.
  public var start = 0.1
  public var end = 0.7
  /// Steps from one choice to the next.
  public var interval = 20

  /// The defaults: warm-up is over at the start, and after the end what is left recovers.
  public init() {}

  /// Throws for numbers that cannot be meant.
  public func validate() throws(SparsityError) {
    guard start >= 0, start <= end, end <= 1 else {
      throw .invalidOption(
        name: "sparsify-start", expected: "0 ≤ start ≤ end ≤ 1", found: "\(start) and \(end)")
    }
    guard interval > 0 else {
      throw .invalidOption(
        name: "sparsify-interval", expected: "1 step or more", found: "\(interval)")
    }
  }

  /// The steps of the first and the last choice.
  func bounds(of total: Int) -> ClosedRange<Int> {
    let last = max(0, min(total - 1, Int(end * Double(total))))
    return min(last, Int(start * Double(total)))...last
  }

  /// The share of the way that is gone after the choice at `step`, as a cubic (Zhu & Gupta, 2017,
  /// arXiv:1710.01878, eq. 1): fast at first and slowly at the end; `nil` where nothing is chosen.
  func progress(at step: Int, of total: Int) -> Double? {
    let bounds = bounds(of: total)
    guard step < bounds.upperBound else { return step == bounds.upperBound ? 1 : nil }
    guard bounds.contains(step), (step - bounds.lowerBound) % interval == 0 else { return nil }
    let left = Double(bounds.upperBound - step) / Double(bounds.count - 1)
    return 1 - left * left * left
  }
}

/// Gradual sparsification (Zhu & Gupta, 2017, arXiv:1710.01878): every so many steps the least
/// important of the weights that are left become zero, and stay so.
///
/// What is zero at the start stays so, and counts.
///
/// By magnitude, or by movement (Sanh et al., 2020, arXiv:2005.07683): the sum over steps of −w ·
/// ∂loss/∂w, which is high for weights that grow and low for those that shrink. Unlike there, where
/// scores of absent weights go on, a weight that is gone does not come back.
public struct GradualSparsification: StepTransform {
  private let target: SparsityTarget
  private let schedule: SparsificationSchedule
  private let criterion: WeightCriterion
  private var masking: Masking
  /// Σ −w · ∂loss/∂w, by the parameter's name; none where magnitudes decide.
  private var movement: [String: Tensor] = [:]

  /// A transform for the run of a model.
  public init(
    of model: DenseClassifier, to target: SparsityTarget,
    schedule: SparsificationSchedule = .init(), criterion: WeightCriterion = .magnitude
  ) throws(SparsityError) {
    try Self.validate(target, schedule, criterion)
    (self.target, self.schedule, self.criterion) = (target, schedule, criterion)
    masking = Masking(
      WeightMask(
        zeroBlocksOf: model, pattern: target.pattern, includingPooler: target.includesPooler))
    guard criterion == .movement else { return }
    for (place, weight) in model.matrices(includingPooler: target.includesPooler) {
      movement[place.name] = Tensor(zeros: weight.shape)
    }
  }

  /// Throws for what cannot be meant.
  static func validate(
    _ target: SparsityTarget, _ schedule: SparsificationSchedule, _ criterion: WeightCriterion
  ) throws(SparsityError) {
    try target.validate()
    try schedule.validate()
    guard criterion == .magnitude || criterion == .movement else {
      throw .invalidOption(
        name: "weight-criterion", expected: "magnitude or movement while a model trains",
        found: criterion.rawValue)
    }
  }

  /// What is left so far.
  public var mask: WeightMask { masking.mask }

  public var identity: String {
    "gradual sparsification, \(target), \(schedule), \(criterion.rawValue)"
  }

  public var state: [String: Tensor] {
    get {
      masking.state.merging(movement.map { ("movement." + $0, $1) }) { mask, _ in mask }
    }
    set {
      masking.state = newValue
      for name in movement.keys { movement[name] = newValue["movement." + name] }
    }
  }

  public func isSettled(after count: Int, of total: Int) -> Bool {
    count > schedule.bounds(of: total).upperBound
  }

  public mutating func callAsFunction(
    _ step: TrainingStep, _ model: inout DenseClassifier, _ gradients: inout DenseClassifier,
    _ optimizer: inout AdamW
  ) {
    let isOver = isSettled(after: step.index, of: step.total)
    if criterion == .movement && !isOver { addMovement(model, gradients, on: step.device) }
    if let progress = schedule.progress(at: step.index, of: step.total) {
      let mask = scores(of: model).choose(target, progress, masking.mask, on: step.device)
      masking = Masking(mask)
      masking.apply(to: &model, on: step.device)
      masking.apply(to: &optimizer, on: step.device)
    }
    masking.apply(to: &gradients, on: step.device)
  }

  private func scores(of model: DenseClassifier) -> WeightScores {
    let includesPooler = target.includesPooler
    if movement.isEmpty {
      return WeightScores(magnitudesOf: model, includingPooler: includesPooler)
    }
    return WeightScores(
      model.matrices(includingPooler: includesPooler).map { place, weight in
        (place, movement[place.name] ?? weight)
      })
  }

  private mutating func addMovement(
    _ model: DenseClassifier, _ gradients: DenseClassifier, on device: Device
  ) {
    for (place, weight) in model.matrices(includingPooler: target.includesPooler) {
      guard var sum = movement.removeValue(forKey: place.name) else { continue }
      device.subtractProducts(weight, gradients[place].weight, from: &sum)
      movement[place.name] = sum
    }
  }
}
