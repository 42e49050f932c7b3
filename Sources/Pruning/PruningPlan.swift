// Which units stay.

public import Encoders

/// The units that stay of a model. A value of its own: it can be saved, looked at, edited by hand
/// and applied later.
public struct PruningPlan: Codable, Equatable, Sendable {
  /// The sizes of the model that a plan is for.
  public struct Sizes: Codable, Equatable, Sendable {
    public var vocabularySize, hiddenSize: Int
    public var layers: [LayerShape]

    /// The sizes of a model.
    public init(of configuration: EncoderConfiguration) {
      vocabularySize = configuration.vocabularySize
      hiddenSize = configuration.hiddenSize
      layers = configuration.layers
    }
  }

  /// What stays of one layer.
  public struct Layer: Codable, Equatable, Sendable {
    /// Which layer it is, from 0 at the bottom.
    public var index: Int
    /// Its heads and neurons that stay, ascending.
    public var heads, neurons: [Int]
  }

  /// The model before.
  public var sizes: Sizes
  /// The layers that stay, lowest first.
  public var layers: [Layer]
  /// The hidden channels that stay, ascending.
  public var channels: [Int]
  /// The pieces of the vocabulary that stay, ascending; `nil` keeps all.
  public var tokens: [Int]?

  /// The plan that keeps all.
  public init(keepingAllOf configuration: EncoderConfiguration) {
    sizes = Sizes(of: configuration)
    layers = configuration.layers.enumerated().map {
      Layer(
        index: $0, heads: Array(0..<$1.headCount), neurons: Array(0..<$1.intermediateSize))
    }
    channels = Array(0..<configuration.hiddenSize)
  }

  /// Takes units out, each given by its row and place as in ``PruningUnit/counts(in:)``. What is
  /// gone already stays gone.
  public mutating func remove(_ unit: PruningUnit, _ units: [(row: Int, index: Int)]) {
    let gone = Dictionary(grouping: units, by: \.row).mapValues { Set($0.map(\.index)) }
    switch unit {
    case .layers: layers.removeAll { gone[$0.index] != nil }
    case .heads:
      for place in layers.indices {
        if let gone = gone[layers[place].index] {
          layers[place].heads.removeAll(where: gone.contains)
        }
      }
    case .neurons:
      for place in layers.indices {
        if let gone = gone[layers[place].index] {
          layers[place].neurons.removeAll(where: gone.contains)
        }
      }
    case .channels: channels.removeAll { gone[0]?.contains($0) ?? false }
    case .tokens:
      tokens = (tokens ?? Array(0..<sizes.vocabularySize)).filter { gone[0]?.contains($0) != true }
    }
  }

  /// The sizes of the model that is left of one of `configuration`.
  public func applied(to configuration: EncoderConfiguration) -> EncoderConfiguration {
    var smaller = configuration
    smaller.hiddenSize = channels.count
    smaller.vocabularySize = tokens?.count ?? configuration.vocabularySize
    smaller.layers = layers.map {
      LayerShape(
        headCount: $0.heads.count, headSize: configuration.layers[$0.index].headSize,
        intermediateSize: $0.neurons.count)
    }
    return smaller
  }

  /// This plan, and then `next` on what it left, as one plan.
  public func followed(by next: PruningPlan) throws(PruningError) -> PruningPlan {
    let left = Sizes(
      vocabularySize: tokens?.count ?? sizes.vocabularySize, hiddenSize: channels.count,
      layers: layers.map {
        LayerShape(
          headCount: $0.heads.count, headSize: sizes.layers[$0.index].headSize,
          intermediateSize: $0.neurons.count)
      })
    guard next.sizes == left else {
      throw .otherModel(expected: "\(left)", found: "a plan for \(next.sizes)")
    }
    var both = self
    both.layers = next.layers.map { layer in
      let first = layers[layer.index]
      return Layer(
        index: first.index, heads: layer.heads.map { first.heads[$0] },
        neurons: layer.neurons.map { first.neurons[$0] })
    }
    both.channels = next.channels.map { channels[$0] }
    if let tokens, let kept = next.tokens {
      both.tokens = kept.map { tokens[$0] }
    } else {
      both.tokens = tokens ?? next.tokens
    }
    return both
  }

  /// Throws unless the plan fits a model of these sizes and names existing units once.
  public func validate(for configuration: EncoderConfiguration) throws(PruningError) {
    let expected = Sizes(of: configuration)
    guard sizes == expected else {
      throw .otherModel(expected: "\(expected)", found: "a plan for \(sizes)")
    }
    try check(layers.map(\.index), of: sizes.layers.count, .layers, "")
    for layer in layers {
      let (shape, place) = (sizes.layers[layer.index], "layer \(layer.index): ")
      try check(layer.heads, of: shape.headCount, .heads, place)
      try check(layer.neurons, of: shape.intermediateSize, .neurons, place)
    }
    try check(channels, of: sizes.hiddenSize, .channels, "")
    if let tokens { try check(tokens, of: sizes.vocabularySize, .tokens, "") }
    for (unit, isEmpty) in [(PruningUnit.channels, channels.isEmpty), (.tokens, tokens == [])]
    where isEmpty {
      throw .invalidPlan(reason: "no \(unit.rawValue) stay; a model needs at least one")
    }
  }

  private func check(
    _ indices: [Int], of count: Int, _ unit: PruningUnit, _ place: String
  ) throws(PruningError) {
    if let outside = indices.first(where: { $0 < 0 || $0 >= count }) {
      throw .invalidPlan(
        reason: "\(place)\(unit.rawValue): \(outside) is not there; there are \(count), counted "
          + "from 0")
    }
    if let twice = zip(indices, indices.dropFirst()).first(where: { $0 >= $1 }) {
      throw .invalidPlan(
        reason: "\(place)\(unit.rawValue): expected ascending order, each once; found \(twice.0) "
          + "before \(twice.1)")
    }
  }
}

extension PruningPlan.Sizes: CustomStringConvertible {
  init(vocabularySize: Int, hiddenSize: Int, layers: [LayerShape]) {
    (self.vocabularySize, self.hiddenSize, self.layers) = (vocabularySize, hiddenSize, layers)
  }

  public var description: String {
    "a vocabulary of \(vocabularySize), \(hiddenSize) channels, heads \(layers.map(\.headCount)) of "
      + "size \(Set(layers.map(\.headSize)).sorted()), neurons \(layers.map(\.intermediateSize))"
  }
}
