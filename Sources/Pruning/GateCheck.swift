// The law of the package at run time.

public import Encoders
public import Tensors
public import Text

extension Gates {
  /// The gates of a model that `plan` closes. Tokens have none.
  public init(closedBy plan: PruningPlan, of configuration: EncoderConfiguration) {
    self.init(open: configuration)
    func close(_ gates: inout [Float], but kept: [Int]) {
      let kept = Set(kept)
      for index in gates.indices where !kept.contains(index) { gates[index] = 0 }
    }
    for index in layers.indices { layers[index].layer = 0 }
    for kept in plan.layers {
      layers[kept.index].layer = 1
      close(&layers[kept.index].heads, but: kept.heads)
      close(&layers[kept.index].neurons, but: kept.neurons)
    }
    close(&channels, but: plan.channels)
  }
}

/// Closed gates and cut units answer alike.
public struct GateCheck: Sendable {
  /// The most by which a logit may differ: 32-bit sums in another order differ by about 1e-6.
  public static let limit: Float = 1e-4

  /// The largest difference of a logit between `model` with all gates closed that `plan` cuts, and
  /// `pruned`; throws `lawBroken` when it is over the limit, and `notFinite` for a damaged model.
  ///
  /// A plan that cuts tokens wants a batch whose tokens all stay; its ids are those of `model`.
  @discardableResult
  public static func check(
    _ model: DenseClassifier, _ plan: PruningPlan, _ pruned: DenseClassifier, on batch: TokenBatch,
    device: Device
  ) throws(PruningError) -> Float {
    let gates = Gates(closedBy: plan, of: model.configuration)
    let gated = model.forward(batch, options: ForwardOptions(gates: gates), on: device).logits
    var newBatch = batch
    if let tokens = plan.tokens {
      let places = Dictionary(
        uniqueKeysWithValues: tokens.enumerated().map { (Int32($1), Int32($0)) })
      newBatch.ids = batch.ids.compactMap { places[$0] }
      precondition(newBatch.ids.count == batch.ids.count, "a token of the batch is cut")
    }
    let cut = pruned.forward(newBatch, on: device).logits
    guard gated.elements.allSatisfy(\.isFinite) else { throw .notFinite }
    let difference = zip(gated.elements, cut.elements).reduce(Float(0)) {
      let distance = abs($1.0 - $1.1)
      return distance.isNaN ? .infinity : max($0, distance)
    }
    guard difference <= limit else { throw .lawBroken(difference: difference, limit: limit) }
    return difference
  }
}
