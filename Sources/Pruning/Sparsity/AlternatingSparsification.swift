// A network that is sparse and dense by turns.

public import Encoders
public import Tensors
public import Training

/// AC/DC (Peste et al., 2021, arXiv:2106.12379): phases in which only the greatest weights are
/// there and train, and phases in which all train, those that were gone from zero; sparse at the
/// end.
public struct AlternatingSparsification: StepTransform {
  /// The lengths of phases, in shares of a run.
  public struct Options: Codable, Equatable, Sendable {
    /// The dense phase at the beginning.
    public var warmup = 0.1
    /// Each sparse or dense phase after that.
    public var phase = 0.05
    /// The sparse phase at the end.
    public var last = 0.15

    /// As the paper trains 100 epochs: phases of 5, and a last one of 15.
    public init() {}

    /// Throws for numbers that cannot be meant.
    public func validate() throws(SparsityError) {
      for (name, value) in [("warmup", warmup), ("phase", phase), ("last", last)]
      where !(0...1).contains(value) {
        throw .invalidOption(
          name: "\(name) phase", expected: "a share from 0 to 1", found: "\(value)")
      }
    }

    /// Whether a step belongs to a sparse phase; the last always does.
    func isSparse(_ step: Int, of total: Int) -> Bool {
      func steps(_ share: Double) -> Int { max(1, Int((share * Double(total)).rounded())) }
      if step >= total - steps(last) { return true }
      let first = warmup > 0 ? steps(warmup) : 0
      return step >= first && (step - first) / steps(phase) % 2 == 0
    }
  }

  private let target: SparsityTarget
  private let options: Options
  private var masking: Masking

  /// A transform for the run of a model.
  public init(
    of model: DenseClassifier, to target: SparsityTarget, options: Options = .init()
  ) throws(SparsityError) {
    try target.validate()
    try options.validate()
    (self.target, self.options) = (target, options)
    masking = Masking(
      WeightMask(
        keepingAllOf: model, pattern: target.pattern, includingPooler: target.includesPooler))
  }

  /// What is there in this phase; the model that a run keeps as its best may be of an earlier one.
  public var mask: WeightMask { masking.mask }

  public var identity: String { "AC/DC, \(target), \(options)" }

  public var state: [String: Tensor] {
    get { masking.state }
    set { masking.state = newValue }
  }

  public func isSettled(after count: Int, of total: Int) -> Bool {
    count > 0 && options.isSparse(count - 1, of: total)
  }

  public mutating func callAsFunction(
    _ step: TrainingStep, _ model: inout DenseClassifier, _ gradients: inout DenseClassifier,
    _ optimizer: inout AdamW
  ) {
    let isSparse = options.isSparse(step.index, of: step.total)
    if isSparse != isSettled(after: step.index, of: step.total) {
      change(to: isSparse, model, on: step.device)
      masking.apply(to: &model, on: step.device)
      masking.apply(to: &optimizer, on: step.device)
    }
    if isSparse { masking.apply(to: &gradients, on: step.device) }
  }

  private mutating func change(to isSparse: Bool, _ model: DenseClassifier, on device: Device) {
    let includesPooler = target.includesPooler
    if isSparse {
      let scores = WeightScores(magnitudesOf: model, includingPooler: includesPooler)
      masking = Masking(scores.choose(target, 1, nil, on: device))
    } else {
      masking = Masking(
        WeightMask(keepingAllOf: model, pattern: target.pattern, includingPooler: includesPooler))
    }
  }
}
