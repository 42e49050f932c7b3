// Token, position and token-type embeddings.

public import Tensors
import Text

/// The sum of a token's embeddings, normalized.
public struct Embeddings: Parameterized, Equatable {
  /// [vocabulary, hidden].
  public var word: Tensor
  /// [positions, hidden].
  public var position: Tensor
  /// [types, hidden]; no rows where a model knows no types, as DistilBERT.
  public var tokenType: Tensor
  /// On the sum.
  public var norm: LayerNorm

  struct Cache: Sendable {
    let norm: LayerNorm.Cache
    let dropout: Dropout
  }

  func forward(
    _ batch: TokenBatch, _ offsets: SequenceOffsets, _ configuration: EncoderConfiguration,
    _ options: ForwardOptions, on device: Device
  ) -> (output: Tensor, cache: Cache?) {
    let sum = device.embedding(
      ids: batch.ids, types: batch.typeIDs, offsets, firstPosition: configuration.firstPosition,
      word: word, position: position, tokenType: tokenType)  // [T, hidden]
    var (output, cache) = norm.forward(
      consume sum, epsilon: configuration.layerNormEpsilon,
      gates: options.gates.map { ChannelGates($0.channels) }, recording: options.isRecording,
      on: device)
    let dropout = options.dropout(.embeddings)
    device.applyDropout(dropout, to: &output)
    return (output, cache.map { Cache(norm: $0, dropout: dropout) })
  }

  /// Returns the gradients of the channels' gates [sequences, hidden] where the pass had gates.
  func backward(
    _ dY: consuming Tensor, _ cache: Cache, _ batch: TokenBatch, _ offsets: SequenceOffsets,
    _ configuration: EncoderConfiguration, into gradient: inout Embeddings, on device: Device
  ) -> Tensor? {
    var dOutput = dY
    device.applyDropout(cache.dropout, to: &dOutput)
    let (dSum, _, channels) = norm.backward(
      dOutput, cache.norm, offsets, into: &gradient.norm, on: device)
    device.embeddingBackward(
      dSum, ids: batch.ids, types: batch.typeIDs, offsets,
      firstPosition: configuration.firstPosition, word: &gradient.word,
      position: &gradient.position, tokenType: &gradient.tokenType)
    return channels
  }

  public mutating func forEachParameter<E>(
    at path: String, _ body: (String, inout Tensor) throws(E) -> Void
  ) throws(E) {
    try body(join(path, "word"), &word)
    try body(join(path, "position"), &position)
    try body(join(path, "tokenType"), &tokenType)
    try norm.forEachParameter(at: join(path, "norm"), body)
  }
}
