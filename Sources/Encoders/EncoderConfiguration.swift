// The sizes of an encoder: all that is known of a model before its weights.

/// The sizes of one layer. Layers of a model may differ; zero heads and zero neurons are legal.
public struct LayerShape: Codable, Hashable, Sendable {
  /// The number of attention heads.
  public var headCount: Int
  /// The width of a head's queries, keys and values.
  public var headSize: Int
  /// The number of feed-forward neurons.
  public var intermediateSize: Int

  /// A layer of the given sizes.
  public init(headCount: Int, headSize: Int, intermediateSize: Int) {
    self.headCount = headCount
    self.headSize = headSize
    self.intermediateSize = intermediateSize
  }

  /// The width of all heads together.
  public var attentionSize: Int { headCount * headSize }
}

/// What follows the pooler's matrix.
public enum PoolerActivation: String, Codable, CaseIterable, Sendable {
  /// As in BERT and RoBERTa.
  case tanh
  /// As in DistilBERT.
  case relu
}

/// The sizes and constants of a BERT encoder with a classifier (Devlin et al., 2019,
/// arXiv:1810.04805).
public struct EncoderConfiguration: Codable, Equatable, Sendable {
  /// Rows of the word embedding.
  public var vocabularySize: Int
  /// The width of a token's vector between layers.
  public var hiddenSize: Int
  /// Rows of the position embedding.
  public var maximumPositions: Int
  /// The row that a sequence's first token takes: 0 in BERT, 2 in RoBERTa.
  public var firstPosition: Int
  /// Rows of the token-type embedding: 2 tells a pair's texts apart, 0 is a model without types.
  public var tokenTypeCount: Int
  /// Classes.
  public var labelCount: Int
  /// What follows the pooler's matrix.
  public var poolerActivation: PoolerActivation
  /// What layer normalization adds to the variance.
  public var layerNormEpsilon: Float
  /// Each layer's sizes, lowest first.
  public var layers: [LayerShape]

  /// A configuration; BERT's constants are the defaults.
  public init(
    vocabularySize: Int, hiddenSize: Int, maximumPositions: Int = 512, firstPosition: Int = 0,
    tokenTypeCount: Int = 2, labelCount: Int = 2, poolerActivation: PoolerActivation = .tanh,
    layerNormEpsilon: Float = 1e-12, layers: [LayerShape]
  ) {
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.maximumPositions = maximumPositions
    self.firstPosition = firstPosition
    self.tokenTypeCount = tokenTypeCount
    self.labelCount = labelCount
    self.poolerActivation = poolerActivation
    self.layerNormEpsilon = layerNormEpsilon
    self.layers = layers
  }

  /// The longest sequence that the model has positions for, in tokens.
  public var maximumLength: Int { maximumPositions - firstPosition }

  /// The number of heads in all layers.
  public var headCount: Int { layers.reduce(0) { $0 + $1.headCount } }
}
