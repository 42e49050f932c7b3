// Models and batches small enough to check by brute force, and awkward on purpose.

public import Encoders
import Tensors
public import Text

extension EncoderConfiguration {
  /// Layers that all differ: one has no heads, one no neurons; the head size is odd.
  public static let uneven = EncoderConfiguration(
    vocabularySize: 37, hiddenSize: 24, maximumPositions: 40, labelCount: 3,
    layers: [
      LayerShape(headCount: 3, headSize: 5, intermediateSize: 16),
      LayerShape(headCount: 1, headSize: 5, intermediateSize: 9),
      LayerShape(headCount: 0, headSize: 5, intermediateSize: 12),
      LayerShape(headCount: 2, headSize: 5, intermediateSize: 0),
      LayerShape(headCount: 2, headSize: 5, intermediateSize: 7),
    ])

  /// An odd hidden size, and nothing at all in the last layer.
  public static let odd = EncoderConfiguration(
    vocabularySize: 11, hiddenSize: 25, maximumPositions: 33, labelCount: 2,
    layers: [
      LayerShape(headCount: 2, headSize: 5, intermediateSize: 33),
      LayerShape(headCount: 0, headSize: 5, intermediateSize: 0),
    ])

  /// No layers: embeddings, pooler and classifier.
  public static let flat = EncoderConfiguration(
    vocabularySize: 11, hiddenSize: 25, maximumPositions: 33, labelCount: 2, layers: [])

  /// All of them.
  public static let tiny = [uneven, odd, flat]
}

extension SequenceClassifier where P == Linear {
  /// A model whose every parameter is random and large enough to matter, biases and normalizations
  /// too: in a fresh model half of all mistakes would be multiplied by zero.
  public static func random(_ configuration: EncoderConfiguration, seed: UInt64) -> Self {
    var model = DenseClassifier(configuration, seed: seed)
    var stream = RandomStream(seed, 0x7e57)
    model.forEachParameter(at: "") { name, tensor in
      let isScale = name.hasSuffix("norm.weight")
      let deviation: Float = isScale ? 0.2 : 0.4
      tensor = Tensor(normal: deviation, shape: tensor.shape, from: &stream)
      if isScale { for i in 0..<tensor.count { tensor[i] += 1 } }
    }
    return model
  }
}

extension TokenBatch {
  /// Random tokens of the given lengths; the latter half of a sequence is its second text.
  public static func random(
    lengths: [Int], for configuration: EncoderConfiguration, seed: UInt64
  ) -> TokenBatch {
    var stream = RandomStream(seed, 0xba7c)
    let ids = lengths.flatMap { length in
      (0..<length).map { _ in
        Int32.random(in: 0..<Int32(configuration.vocabularySize), using: &stream)
      }
    }
    let types = lengths.flatMap { length in (0..<length).map { Int32($0 * 2 > length ? 1 : 0) } }
    return TokenBatch(ids: ids, typeIDs: types, lengths: lengths)
  }

  /// The sequences one by one, each as a batch.
  public var singles: [TokenBatch] {
    lengths.indices.map { index in
      let tokens = offsets[index]..<offsets[index + 1]
      return TokenBatch(
        ids: Array(ids[tokens]), typeIDs: Array(typeIDs[tokens]), lengths: [lengths[index]])
    }
  }
}

extension EncodedSequence {
  /// Random sequences of two to `longest` tokens, the special ones among them.
  public static func random(
    count: Int, longest: Int, for configuration: EncoderConfiguration, seed: UInt64
  ) throws(TextError) -> [EncodedSequence] {
    var stream = RandomStream(seed, 0x5e9)
    let vocabulary = Vocabulary(size: configuration.vocabularySize)
    var sequences: [EncodedSequence] = []
    for _ in 0..<count {
      let length = Int.random(in: 0...longest - 2, using: &stream)
      let ids = (0..<length).map { _ in
        Int32.random(in: 5..<Int32(configuration.vocabularySize), using: &stream)
      }
      sequences.append(
        try EncodedSequence(ids, vocabulary: vocabulary, maximumLength: longest))
    }
    return sequences
  }
}
