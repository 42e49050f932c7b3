// A sparse network that looks for better connections while it trains.

public import Encoders
import Foundation
public import Tensors
public import Training

/// RigL (Evci et al., 2020, arXiv:1911.11134): every so many steps the smallest weights of each
/// matrix become zero, and as many that were zero, those with the greatest gradients, may grow. So
/// the number of weights never changes.
///
/// Unlike there, the step at which connections change moves the weights as well, those that grew
/// included.
public struct RigL: StepTransform {
  /// How often and how much is exchanged.
  public struct Options: Codable, Equatable, Sendable {
    /// Steps from one exchange to the next.
    public var interval = 100
    /// The share of the weights that is exchanged at first; it falls to zero along half a cosine.
    public var share = 0.3
    /// The share of the run after which nothing is exchanged any more.
    public var end = 0.75

    /// The paper's defaults.
    public init() {}

    /// Throws for numbers that cannot be meant, and for N:M.
    func validate(for pattern: SparsityPattern) throws(SparsityError) {
      if case .nOfM = pattern {
        throw .invalidOption(
          name: "pattern", expected: "weights or blocks, whose places may change",
          found: "\(pattern)")
      }
      guard interval > 0 else {
        throw .invalidOption(
          name: "sparsify-interval", expected: "1 step or more", found: "\(interval)")
      }
      for (name, value) in [("exchanged share", share), ("end", end)]
      where !(0...1).contains(value) {
        throw .invalidOption(name: name, expected: "a share from 0 to 1", found: "\(value)")
      }
    }

    /// The share that is exchanged at a step; 0 where nothing is.
    func share(at step: Int, of total: Int) -> Double {
      let last = end * Double(total)
      guard step > 0, step % interval == 0, Double(step) < last else { return 0 }
      return share / 2 * (1 + cos(.pi * Double(step) / last))
    }
  }

  private let options: Options
  private let blockScore: BlockScore
  private var masking: Masking
  private var isApplied = false

  /// Begins with the connections of a mask; throws for N:M, whose groups are too small for an
  /// exchange.
  public init(
    from mask: WeightMask, options: Options = .init(), blockScore: BlockScore = .sum
  ) throws(SparsityError) {
    try options.validate(for: mask.pattern)
    (self.options, self.blockScore) = (options, blockScore)
    masking = Masking(mask)
  }

  /// The connections as they are; the model that a run keeps as its best may have those of an
  /// earlier epoch.
  public var mask: WeightMask { masking.mask }

  public var identity: String { "RigL, \(mask.pattern), \(options), \(blockScore)" }

  public var state: [String: Tensor] {
    get { masking.state }
    set { masking.state = newValue }
  }

  public mutating func callAsFunction(
    _ step: TrainingStep, _ model: inout DenseClassifier, _ gradients: inout DenseClassifier,
    _ optimizer: inout AdamW
  ) {
    if !isApplied { masking.apply(to: &model, on: step.device) }
    isApplied = true
    let share = options.share(at: step.index, of: step.total)
    if share > 0 {
      let (survivors, next) = exchange(share, model, gradients, on: step.device)
      // What grows begins at zero, also where it was there a moment ago.
      let cleared = Masking(survivors)
      cleared.apply(to: &model, on: step.device)
      cleared.apply(to: &optimizer, on: step.device)
      masking = Masking(next)
    }
    masking.apply(to: &gradients, on: step.device)
  }

  /// The connections without those that go, and with those that come in their place.
  private func exchange(
    _ share: Double, _ model: DenseClassifier, _ gradients: DenseClassifier, on device: Device
  ) -> (survivors: WeightMask, next: WeightMask) {
    let (mask, blockScore) = (mask, blockScore)
    let places = model.matrices(includingPooler: true).map(\.place)
      .filter { mask.matrices[$0.name] != nil }
    let changed = device.map(places.count) { index -> (MatrixMask, MatrixMask)? in
      let place = places[index]
      guard let old = mask.matrices[place.name] else { return nil }
      let weights = model[place].weight.absolute.blockScores(old.block, blockScore)
      let slopes = gradients[place].weight.absolute.blockScores(old.block, blockScore)
      return old.exchanging(share, weights: weights, slopes: slopes)
    }
    var (survivors, next) = (mask, mask)
    for (place, pair) in zip(places, changed) {
      guard let pair else { continue }
      (survivors.matrices[place.name], next.matrices[place.name]) = pair
    }
    return (survivors, next)
  }
}

extension MatrixMask {
  /// Without the share of its blocks whose weights are smallest; and with as many others in their
  /// place, those of the steepest slopes.
  fileprivate func exchanging(
    _ share: Double, weights: [Float], slopes: [Float]
  ) -> (survivors: MatrixMask, next: MatrixMask) {
    var isKept = isKept
    let count = Int((share * Double(keptCount)).rounded())
    let sizes = isKept.indices.map { isKept[$0] ? weights[$0] : .infinity }
    var smallest = LowestScores(count, of: [sizes])
    for index in isKept.indices where smallest.contains(sizes[index]) { isKept[index] = false }
    let survivors = MatrixMask(isKept, block: block, shape: shape)
    let heights = isKept.indices.map { isKept[$0] ? .infinity : -slopes[$0] }
    var steepest = LowestScores(count, of: [heights])
    for index in isKept.indices where steepest.contains(heights[index]) { isKept[index] = true }
    return (survivors, MatrixMask(isKept, block: block, shape: shape))
  }
}
