// How a forward pass is to be made: arguments, not state of the model.

import Tensors

/// Dropout of one training step. The masks follow from the key alone.
public struct DropoutOptions: Sendable {
  /// Of embeddings, of what joins a residual, and of the pooled vector.
  public var hidden: Float
  /// Of attention probabilities.
  public var attention: Float
  /// Different for each step.
  public var key: UInt64

  /// Dropout with the given probabilities.
  public init(hidden: Float, attention: Float, key: UInt64) {
    self.hidden = hidden
    self.attention = attention
    self.key = key
  }

  enum Site: UInt64 { case embeddings, attention, attentionOutput, feedForwardOutput, pooled }

  func dropout(_ site: Site, layer: Int = 0) -> Dropout {
    var stream = RandomStream(key, site.rawValue, UInt64(layer))
    let probability = site == .attention ? attention : hidden
    return Dropout(probability: probability, key: stream.next())
  }
}

/// The parts of a model, in the order in which a pass goes through them.
public enum ModelPart: String, Codable, CaseIterable, Sendable {
  case embeddings, attention, feedForward, head
}

/// How a forward pass is to be made.
public struct ForwardOptions: Sendable {
  /// Multipliers of units; `nil` leaves all open.
  public var gates: Gates?
  /// Dropout; `nil` outside training.
  public var dropout: DropoutOptions?
  /// Whether activations are kept for a backward pass.
  public var isRecording: Bool
  /// Whether the last layer computes every token, for objectives that look at more than the first.
  public var wantsAllTokens = false
  /// Hears when a part was computed, so that parts can be timed.
  public var didCompute: (@Sendable (ModelPart) -> Void)?

  /// A pass for inference unless told otherwise.
  public init(gates: Gates? = nil, dropout: DropoutOptions? = nil, isRecording: Bool = false) {
    self.gates = gates
    self.dropout = dropout
    self.isRecording = isRecording
  }

  func dropout(_ site: DropoutOptions.Site, layer: Int = 0) -> Dropout {
    dropout?.dropout(site, layer: layer) ?? .none
  }
}
