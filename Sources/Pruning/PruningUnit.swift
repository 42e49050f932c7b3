// What can be cut out of a model.

public import Encoders

/// A kind of thing that can be cut out.
public enum PruningUnit: String, Codable, CodingKeyRepresentable, CaseIterable, Sendable {
  /// Whole layers: what enters one passes it by.
  case layers
  /// Attention heads.
  case heads
  /// Feed-forward neurons.
  case neurons
  /// Hidden channels: the width of the model, through embeddings and every layer.
  case channels
  /// Pieces of the vocabulary, with their rows of the word embedding.
  case tokens

  /// How many there are, row by row: a row for each layer, or a single one for the whole model.
  public func counts(in configuration: EncoderConfiguration) -> [Int] {
    switch self {
    case .layers: configuration.layers.map { _ in 1 }
    case .heads: configuration.layers.map(\.headCount)
    case .neurons: configuration.layers.map(\.intermediateSize)
    case .channels: [configuration.hiddenSize]
    case .tokens: [configuration.vocabularySize]
    }
  }

  /// Whether a pass can close them: tokens are left out of texts instead.
  public var hasGates: Bool { self != .tokens }
}
