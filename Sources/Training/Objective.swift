// What training makes small.

public import Encoders
import Foundation
public import Tensors
public import Text

/// Sequences with the index of each one's label.
public struct LabeledBatch: Sendable {
  /// The tokens.
  public var tokens: TokenBatch
  /// A label for each sequence.
  public var labels: [Int]

  /// A batch of labeled sequences.
  public init(_ sequences: some Collection<LabeledSequence>) {
    tokens = TokenBatch(sequences.map(\.sequence))
    labels = sequences.map(\.label)
  }
}

/// A sequence and its label.
public struct LabeledSequence: Sendable, Equatable {
  /// The tokens.
  public var sequence: EncodedSequence
  /// The index of the label.
  public var label: Int

  /// A labeled sequence.
  public init(_ sequence: EncodedSequence, label: Int) {
    self.sequence = sequence
    self.label = label
  }
}

/// What training makes small: a mean over a batch's examples.
public protocol Objective: Sendable {
  /// Whether of the word embedding only the rows of the batch's tokens are read: the others'
  /// updates are then put off, which saves time. `false` unless an objective says otherwise.
  var readsOnlyTokensOfBatch: Bool { get }

  /// The mean over the batch; adds its gradient by every parameter of `model` to `gradients`.
  ///
  /// `options` are the pass's, with the step's dropout; recording is up to the objective.
  func callAsFunction(
    _ model: DenseClassifier, _ batch: LabeledBatch, _ options: ForwardOptions,
    into gradients: inout DenseClassifier, on device: Device
  ) -> Float
}

extension Objective {
  public var readsOnlyTokensOfBatch: Bool { false }
}

/// An objective that looks at logits alone.
public protocol LogitObjective: Objective {
  /// The mean over the batch, and its gradient by the logits [sequences, labels].
  func callAsFunction(_ logits: Tensor, _ batch: LabeledBatch) -> (value: Float, gradient: Tensor)
}

extension LogitObjective {
  public var readsOnlyTokensOfBatch: Bool { true }

  public func callAsFunction(
    _ model: DenseClassifier, _ batch: LabeledBatch, _ options: ForwardOptions,
    into gradients: inout DenseClassifier, on device: Device
  ) -> Float {
    var options = options
    options.isRecording = true
    let trace = model.forward(batch.tokens, options: options, on: device)
    let (loss, dLogits) = self(trace.logits, batch)
    model.backward(TraceGradient(logits: dLogits), trace, into: &gradients, on: device)
    return loss
  }
}

/// −log p(label), the mean over the batch; with label smoothing (Szegedy et al., 2016,
/// arXiv:1512.00567) the target is spread over all labels by that share.
public struct CrossEntropy: LogitObjective {
  /// The share of the target that is spread evenly over all labels, 0 ..< 1.
  public var labelSmoothing: Float

  /// Cross-entropy, without smoothing unless told.
  public init(labelSmoothing: Float = 0) { self.labelSmoothing = labelSmoothing }

  public func callAsFunction(
    _ logits: Tensor, _ batch: LabeledBatch
  ) -> (value: Float, gradient: Tensor) {
    let (count, labels) = (logits.shape[0], logits.shape[1])  // B, L
    var gradient: [Float] = []
    gradient.reserveCapacity(count * labels)
    var loss = 0.0
    for row in 0..<count {
      let logProbabilities = logSoftmax(logits.row(row))
      for label in 0..<labels {
        let isTarget: Float = label == batch.labels[row] ? 1 : 0
        let target = isTarget * (1 - labelSmoothing) + labelSmoothing / Float(labels)
        loss -= Double(target) * logProbabilities[label]
        gradient.append((Float(exp(logProbabilities[label])) - target) / Float(count))
      }
    }
    return (Float(loss / Double(count)), Tensor(gradient, shape: [count, labels]))
  }
}

/// log softmax of one row, in double precision.
public func logSoftmax(_ logits: [Float]) -> [Double] {
  let most = Double(logits.max() ?? 0)
  let total = logits.reduce(0) { $0 + exp(Double($1) - most) }
  return logits.map { Double($0) - most - log(total) }
}
