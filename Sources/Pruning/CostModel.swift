// What a model of certain sizes costs, in the unit in which a budget is given.

public import Encoders

/// A kind of cost that a budget limits.
public enum CostKind: String, Codable, CaseIterable, Sendable {
  /// Parameters of the layers, without embeddings and classifier.
  case parameters
  /// Multiply-adds of a sequence.
  case multiplyAdds = "multiply-adds"
  /// Bytes of the weights' file.
  case bytes
  /// Milliseconds of a call, from a table of measured times.
  case latency
}

/// A cost that is the sum of what each layer's attention and feed-forward half cost, and of a rest
/// that does not depend on the layers.
public protocol CostModel: Sendable {
  /// What it counts.
  var kind: CostKind { get }
  /// The cost of a half of a layer that stays: of its attention with `count` heads, or of its
  /// feed-forward half with `count` neurons. The last layer of a model computes the first token
  /// only.
  func cost(of unit: PruningUnit, count: Int, shape: LayerShape, isLast: Bool) -> Double
  /// What does not depend on the layers.
  var fixedCost: Double { get }
}

extension CostModel {
  /// The cost of a whole model.
  public func cost(of configuration: EncoderConfiguration) -> Double {
    configuration.layers.enumerated().reduce(fixedCost) { sum, layer in
      let isLast = layer.offset == configuration.layers.count - 1
      return sum
        + cost(of: .heads, count: layer.element.headCount, shape: layer.element, isLast: isLast)
        + cost(
          of: .neurons, count: layer.element.intermediateSize, shape: layer.element, isLast: isLast)
    }
  }
}

/// Costs that follow from sizes alone.
public struct CountedCost: CostModel {
  public let kind: CostKind
  private let configuration: EncoderConfiguration
  private let length: Int
  private let bytesPerWeight: Int

  /// Parameters, multiply-adds of a sequence of `length` tokens, or bytes.
  public init(
    _ kind: CostKind, of configuration: EncoderConfiguration, length: Int, bytesPerWeight: Int = 4
  ) {
    precondition(kind != .latency, "latency is measured, not counted")
    self.kind = kind
    self.configuration = configuration
    self.length = length
    self.bytesPerWeight = bytesPerWeight
  }

  public func cost(of unit: PruningUnit, count: Int, shape: LayerShape, isLast: Bool) -> Double {
    let nothing = LayerShape(headCount: 0, headSize: shape.headSize, intermediateSize: 0)
    var shape = nothing
    if unit == .heads { shape.headCount = count } else { shape.intermediateSize = count }
    // A layer on top that costs nothing makes this one compute all tokens.
    let whole = sizes(isLast ? [shape] : [shape, nothing])
    let rest = sizes(isLast ? [] : [nothing])
    return amount(whole, unit) - amount(rest, unit)
  }

  public var fixedCost: Double {
    kind == .parameters ? 0 : amount(sizes([]), nil)
  }

  private func sizes(_ layers: [LayerShape]) -> Cost {
    var other = configuration
    other.layers = layers
    return other.cost(sequenceLength: length)
  }

  private func amount(_ cost: Cost, _ unit: PruningUnit?) -> Double {
    if kind == .multiplyAdds { return Double(cost.multiplyAdds.total) }
    let parameters =
      switch unit {
      case .heads: cost.parameters.attention
      case .neurons: cost.parameters.feedForward
      default: cost.parameters.total
      }
    return Double(kind == .bytes ? parameters * bytesPerWeight : parameters)
  }
}
