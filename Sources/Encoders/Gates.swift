// Gates: units that can be closed without cutting them.

public import Tensors

/// Multipliers of units, 1 where a unit is open and 0 where it is closed.
///
/// Gates exist only while units are scored. The law of the package: closing a gate gives the same
/// logits as cutting the unit.
public struct Gates: Sendable, Equatable {
  /// The gates of one layer.
  public struct Layer: Sendable, Equatable {
    /// Of the layer itself: gate · layer(x) + (1 − gate) · x.
    public var layer: Float
    /// Of its heads, on their context before the output projection.
    public var heads: [Float]
    /// Of its feed-forward neurons, after their activation.
    public var neurons: [Float]
  }

  /// Of each layer, lowest first.
  public var layers: [Layer]
  /// Of hidden channels, on all that is written to them: after every normalization, which leaves
  /// out channels that are closed, and on the pooled vector.
  public var channels: [Float]

  /// All gates open.
  public init(open configuration: EncoderConfiguration) {
    layers = configuration.layers.map {
      Layer(
        layer: 1, heads: Array(repeating: 1, count: $0.headCount),
        neurons: Array(repeating: 1, count: $0.intermediateSize))
    }
    channels = Array(repeating: 1, count: configuration.hiddenSize)
  }
}

/// The gradients of a pass's gates, each sequence's own.
public struct GateGradients: Sendable {
  /// The gradients of one layer's gates.
  public struct Layer: Sendable {
    /// [sequences, 1].
    public internal(set) var layer: Tensor
    /// [sequences, heads].
    public internal(set) var heads: Tensor
    /// [sequences, neurons].
    public internal(set) var neurons: Tensor
    /// Of what the attention's output and the down projection give, [queries, hidden] each.
    public internal(set) var attentionOutput, feedForwardOutput: Tensor
    /// What the layer's two normalizations add to the gradients of channels.
    var channels: [Tensor]
  }

  /// Of each layer, lowest first.
  public internal(set) var layers: [Layer]
  /// [sequences, hidden]; 0 for a channel that is closed.
  public internal(set) var channels: Tensor
}
