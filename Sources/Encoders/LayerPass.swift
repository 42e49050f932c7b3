// One layer of a pass: what it needs to know, and a way to run it by itself.

public import Tensors
public import Text

/// What one layer needs of a pass.
struct LayerPass {
  let index: Int
  let shape: LayerShape
  let offsets: SequenceOffsets
  let epsilon: Float
  let options: ForwardOptions
  /// Only the first token of each sequence is wanted from this layer.
  let firstTokenOnly: Bool
  let device: Device

  var gates: Gates.Layer? { options.gates?.layers[index] }

  var channelGates: ChannelGates? { options.gates.map { ChannelGates($0.channels) } }

  /// The bounds of each sequence's rows in what the layer gives.
  var queries: SequenceOffsets { attention.queries }

  var attention: AttentionShape {
    AttentionShape(
      offsets: offsets, headCount: shape.headCount, headSize: shape.headSize,
      firstTokenOnly: firstTokenOnly, dropout: options.dropout(.attention, layer: index))
  }
}

extension SequenceClassifier {
  /// What enters the first layer, [tokens, hidden].
  public func embedded(_ batch: TokenBatch, on device: Device) -> Tensor {
    let offsets = SequenceOffsets(lengths: batch.lengths)
    return embeddings.forward(batch, offsets, configuration, ForwardOptions(), on: device).output
  }

  /// The logits [sequences, labels] that follow from x [tokens, hidden] as the input of layer
  /// `index`, or of the pooler where there is no such layer.
  public func logits(from index: Int, _ x: Tensor, _ batch: TokenBatch, on device: Device) -> Tensor
  {
    let (offsets, options) = (SequenceOffsets(lengths: batch.lengths), ForwardOptions())
    var x = x
    for (index, layer) in layers.enumerated().dropFirst(index) {
      x = layer.forward(x, pass(index, offsets, options, device)).output
    }
    if index >= layers.count { x = device.gatherRows(x, at: offsets.firstTokens) }
    return head(x, options, nil, on: device).logits
  }

  /// Layer `index` applied to x [tokens, hidden], with what it computed on the way. The last layer
  /// computes the first token of each sequence only, as in a whole pass.
  public func layer(
    _ index: Int, applied x: Tensor, _ batch: TokenBatch, on device: Device
  ) -> (output: Tensor, activations: LayerActivations) {
    let options = ForwardOptions(isRecording: true)
    let (output, cache) = layers[index].forward(
      x, pass(index, SequenceOffsets(lengths: batch.lengths), options, device))
    guard let cache else { preconditionFailure("a recorded pass has a cache") }
    return (output, LayerActivations(cache))
  }
}
