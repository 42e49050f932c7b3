// Which units stay.

public import Encoders

/// The heads that stay in each layer. A value of its own: it can be saved, looked at, edited by hand
/// and applied later.
public struct PruningPlan: Codable, Equatable, Sendable {
  /// What stays of one layer.
  public struct Layer: Codable, Equatable, Sendable {
    /// The heads the layer has before.
    public var headCount: Int
    /// The heads that stay, ascending.
    public var heads: [Int]

    /// A layer of a plan.
    public init(headCount: Int, heads: [Int]) {
      self.headCount = headCount
      self.heads = heads
    }
  }

  /// Every layer of the model, lowest first.
  public var layers: [Layer]

  /// A plan.
  public init(layers: [Layer]) { self.layers = layers }

  /// The plan that keeps all.
  public init(keepingAllOf configuration: EncoderConfiguration) {
    layers = configuration.layers.map {
      Layer(headCount: $0.headCount, heads: Array(0..<$0.headCount))
    }
  }

  /// The number of heads that stay.
  public var headCount: Int { layers.reduce(0) { $0 + $1.heads.count } }

  /// This plan, and then `next` on what it left, as one plan.
  public func followed(by next: PruningPlan) throws(PruningError) -> PruningPlan {
    guard next.layers.map(\.headCount) == layers.map(\.heads.count) else {
      throw .otherModel(
        expected: "heads \(layers.map(\.heads.count))",
        found: "a plan for heads \(next.layers.map(\.headCount))")
    }
    return PruningPlan(
      layers: zip(layers, next.layers).map { first, second in
        Layer(headCount: first.headCount, heads: second.heads.map { first.heads[$0] })
      })
  }

  /// Throws unless the plan fits a model of these sizes and names existing heads once.
  public func validate(for configuration: EncoderConfiguration) throws(PruningError) {
    let expected = configuration.layers.map(\.headCount)
    guard layers.map(\.headCount) == expected else {
      throw .otherModel(
        expected: "heads \(expected)", found: "a plan for heads \(layers.map(\.headCount))")
    }
    for (index, layer) in layers.enumerated() {
      if let outside = layer.heads.first(where: { $0 < 0 || $0 >= layer.headCount }) {
        throw .invalidPlan(
          layer: index,
          reason: "head \(outside) is not there; the layer has \(layer.headCount), counted from 0")
      }
      let pairs = zip(layer.heads, layer.heads.dropFirst())
      if let twice = pairs.first(where: { $0 >= $1 }) {
        throw .invalidPlan(
          layer: index,
          reason: "expected heads in ascending order, each once; found \(twice.0) before \(twice.1)"
        )
      }
    }
  }
}
