// What a shape costs, from its configuration alone.

/// Parameters and multiply-adds of an encoder, by part.
public struct Cost: Codable, Equatable, Sendable {
  /// Numbers for each part of the model.
  public struct Parts: Codable, Equatable, Sendable {
    /// The three embedding tables and their normalization.
    public var embeddings: Int
    /// All attention halves.
    public var attention: Int
    /// All feed-forward halves.
    public var feedForward: Int
    /// Pooler and classifier.
    public var head: Int

    /// Numbers for each part.
    public init(embeddings: Int, attention: Int, feedForward: Int, head: Int) {
      self.embeddings = embeddings
      self.attention = attention
      self.feedForward = feedForward
      self.head = head
    }

    /// The sum.
    public var total: Int { embeddings + attention + feedForward + head }
  }

  /// Learned numbers.
  public var parameters: Parts
  /// Multiplications with addition in the matrix products for one sequence.
  public var multiplyAdds: Parts
}

extension EncoderConfiguration {
  /// The cost of one sequence of `sequenceLength` tokens. The last layer computes the first token
  /// only, from keys and values of all; that is counted as it is.
  public func cost(sequenceLength: Int) -> Cost {
    let norm = 2 * hiddenSize
    var parameters = Cost.Parts(
      embeddings: (vocabularySize + maximumPositions + tokenTypeCount) * hiddenSize + norm,
      attention: 0, feedForward: 0, head: (hiddenSize + 1) * (hiddenSize + labelCount))
    var multiplyAdds = Cost.Parts(
      embeddings: 0, attention: 0, feedForward: 0, head: hiddenSize * (hiddenSize + labelCount))
    for (index, layer) in layers.enumerated() {
      let queries = index == layers.count - 1 ? 1 : sequenceLength
      let (attention, neurons) = (layer.attentionSize, layer.intermediateSize)
      parameters.attention +=
        3 * attention * (hiddenSize + 1) + (attention + 1) * hiddenSize + norm
      parameters.feedForward += neurons * (hiddenSize + 1) + (neurons + 1) * hiddenSize + norm
      multiplyAdds.attention +=
        sequenceLength * 3 * attention * hiddenSize
        + queries * (2 * sequenceLength * attention + attention * hiddenSize)
      multiplyAdds.feedForward += queries * 2 * neurons * hiddenSize
    }
    return Cost(parameters: parameters, multiplyAdds: multiplyAdds)
  }
}
