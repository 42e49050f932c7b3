// Layer-wise relevance propagation: how much of a logit each activation brought about.

public import Tensors
public import Text

/// How much of a logit each activation brought about, by layer-wise relevance propagation with the
/// rules for transformers of AttnLRP (Achtibat et al., 2024, arXiv:2402.05602, section 3).
///
/// The relevance of an activation x is x · m, where m follows from the logit backwards as a
/// gradient does, but for four rules:
/// - a linear map shares an output's relevance among its terms weight · x (their ε rule with ε =
///   0): m goes as a gradient; the bias keeps the share bias · m, which is lost;
/// - an activation function hands its relevance on: m is multiplied by f(x) / x;
/// - a normalization's deviation is a constant; its bias keeps its share, as above;
/// - in a product of two activations, queries and keys or probabilities and values, each gets half,
///   and the softmax between them goes as a gradient, which does not preserve sums.
///
/// A residual shares relevance as a linear map does. Law: without biases all sums are preserved but
/// those that go through a softmax.
public struct Relevance: Sendable {
  /// The relevance of the activations of one layer, in the shapes of ``LayerActivations``.
  public struct Layer: Sendable {
    /// What went into the layer, [tokens, hidden].
    public let input: Tensor
    /// What went into the attention's output, [queries, attention size].
    public let context: Tensor
    /// What went into the feed-forward half, [queries, hidden].
    public let attended: Tensor
    /// What went into the down projection, [queries, neurons].
    public let neurons: Tensor
  }

  /// Of each layer, lowest first.
  public let layers: [Layer]
  /// Of what the pooler read, [sequences, hidden].
  public let first: Tensor
  /// What is explained: the logit of each sequence.
  public let logits: [Float]
}

extension SequenceClassifier where P == Linear {
  /// The relevance of every activation for one label's logit of each sequence, in a pass of its
  /// own.
  public func relevance(
    ofLabels labels: [Int], _ batch: TokenBatch, on device: Device
  ) -> Relevance {
    precondition(
      labels.count == batch.sequenceCount, "\(labels.count) labels, \(batch.sequenceCount) texts")
    let trace = forward(batch, options: ForwardOptions(isRecording: true), on: device)
    guard let head = trace.head else { preconditionFailure("a recorded pass has a cache") }
    let labelCount = configuration.labelCount
    var chosen = Tensor(zeros: labels.count, labelCount)
    for (row, label) in labels.enumerated() { chosen[row * labelCount + label] = 1 }
    var unused = zeros()
    let dPooled = classifier.backward(
      chosen, input: head.dropped, into: &unused.classifier, on: device)
    let dPooler = device.scaledByRatio(
      dPooled, input: pooler(head.first, on: device), output: head.pooled,
      slope: configuration.poolerActivation == .tanh ? 1 : 0)
    var m = pooler.backward(dPooler, input: head.first, into: &unused.pooler, on: device)
    let first = device.elementProducts(head.first, m)
    var parts: [Relevance.Layer] = []
    for index in layers.indices.reversed() {
      let pass = pass(index, trace.offsets, trace.options, device)
      let (dX, relevance) = layers[index].relevance(
        m, trace.layers[index], pass, into: &unused.layers[index])
      m = dX
      parts.append(relevance)
    }
    return Relevance(
      layers: parts.reversed(), first: first,
      logits: labels.enumerated().map { trace.logits[$0 * labelCount + $1] })
  }
}

extension EncoderLayer where P == Linear {
  /// Relevance per unit of the input, from that of the output; `unused` takes the parameters'
  /// gradients.
  fileprivate func relevance(
    _ m: Tensor, _ cache: Cache, _ pass: LayerPass, into unused: inout EncoderLayer
  ) -> (input: Tensor, relevance: Relevance.Layer) {
    let device = pass.device
    let (half, attention) = (cache.feedForward, cache.attention)
    let dSum = device.layerNormRelevance(m, half.norm.native, weight: feedForward.norm.weight)
    let dNeurons = feedForward.down.backward(
      dSum, input: half.gated, into: &unused.feedForward.down, on: device)
    let dIntermediate = device.scaledByRatio(
      dNeurons, input: half.intermediate, output: half.activated, slope: 0.5)
    let dAttended = feedForward.up.backward(
      dIntermediate, input: half.input, adding: dSum, into: &unused.feedForward.up, on: device)

    let dAttention = device.layerNormRelevance(
      dAttended, attention.norm.native, weight: self.attention.norm.weight)
    let dContext = self.attention.output.backward(
      dAttention, input: attention.gatedContext, into: &unused.attention.output, on: device)
    var dQueryKeyValue = device.attentionBackward(
      dContext, queryKeyValue: attention.queryKeyValue, probabilities: attention.probabilities,
      pass.attention)
    // Half to values; of the other half, through the softmax, half to queries and half to keys.
    device.scaleGroups(&dQueryKeyValue, by: [0.25, 0.25, 0.5])
    var dInput = self.attention.queryKeyValue.backward(
      dQueryKeyValue, input: attention.input, into: &unused.attention.queryKeyValue, on: device)
    if pass.firstTokenOnly {
      device.scatterAddRows(dAttention, at: pass.offsets.firstTokens, to: &dInput)
    } else {
      device.add(dAttention, to: &dInput)
    }
    let relevance = Relevance.Layer(
      input: device.elementProducts(attention.input, dInput),
      context: device.elementProducts(attention.gatedContext, dContext),
      attended: device.elementProducts(half.input, dAttended),
      neurons: device.elementProducts(half.gated, dNeurons))
    return (dInput, relevance)
  }
}
