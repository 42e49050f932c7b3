// Units leave the weights.

public import Encoders
public import Tensors
public import Text

extension LayerShape {
  /// The rows of the query, key and value projection that belong to `heads`.
  func projectionRows(ofHeads heads: [Int]) -> [Int] {
    (0..<3).flatMap { part in
      contextColumns(ofHeads: heads).map { part * attentionSize + $0 }
    }
  }

  /// The columns of the context, and of the output projection, that belong to `heads`.
  func contextColumns(ofHeads heads: [Int]) -> [Int] {
    heads.flatMap { $0 * headSize..<($0 + 1) * headSize }
  }
}

extension SequenceClassifier where P == Linear {
  /// A smaller model that keeps the heads `plan` names. The whole plan is checked before anything is
  /// cut. Law: the logits are those of this model with the other heads' gates closed.
  public func pruned(by plan: PruningPlan) throws(PruningError) -> DenseClassifier {
    try plan.validate(for: configuration)
    var smaller = self
    for (index, (shape, kept)) in zip(configuration.layers, plan.layers).enumerated() {
      let rows = shape.projectionRows(ofHeads: kept.heads)
      let columns = shape.contextColumns(ofHeads: kept.heads)
      var attention = layers[index].attention
      attention.queryKeyValue = Linear(
        weight: attention.queryKeyValue.weight.rows(at: rows),
        bias: attention.queryKeyValue.bias.rows(at: rows))
      attention.output = Linear(
        weight: attention.output.weight.columns(at: columns), bias: attention.output.bias)
      smaller.replaceAttention(attention, headCount: kept.heads.count, inLayer: index)
    }
    return smaller
  }
}

/// The law of the package at run time: closed gates and cut units answer alike.
public struct GateCheck: Sendable {
  /// The most by which a logit may differ: 32-bit sums in another order differ by about 1e-6.
  public static let limit: Float = 1e-4

  /// The largest difference of a logit between `model` with all gates closed that `plan` cuts, and
  /// `pruned`; throws `lawBroken` when it is over the limit, and `notFinite` for a damaged model.
  @discardableResult
  public static func check(
    _ model: DenseClassifier, _ plan: PruningPlan, _ pruned: DenseClassifier, on batch: TokenBatch,
    device: Device
  ) throws(PruningError) -> Float {
    var gates = Gates(open: model.configuration)
    for (index, layer) in plan.layers.enumerated() {
      for head in 0..<layer.headCount where !layer.heads.contains(head) {
        gates.heads[index][head] = 0
      }
    }
    let gated = model.forward(batch, options: ForwardOptions(gates: gates), on: device).logits
    let cut = pruned.forward(batch, on: device).logits
    guard gated.elements.allSatisfy(\.isFinite) else { throw .notFinite }
    let difference = zip(gated.elements, cut.elements).reduce(Float(0)) {
      let distance = abs($1.0 - $1.1)
      return distance.isNaN ? .infinity : max($0, distance)
    }
    guard difference <= limit else { throw .lawBroken(difference: difference, limit: limit) }
    return difference
  }
}
