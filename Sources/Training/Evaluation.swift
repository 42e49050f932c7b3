// A model's answers on labeled data, and the figures that follow from them.

public import Encoders
public import Tensors
import Text

/// The logits of a model on labeled examples.
public struct Predictions: Sendable {
  /// A row for each example, [label].
  public let logits: [[Float]]
  /// The right label of each example.
  public let labels: [Int]

  /// Answers beside the truth.
  public init(logits: [[Float]], labels: [Int]) {
    precondition(logits.count == labels.count, "\(logits.count) answers, \(labels.count) labels")
    self.logits = logits
    self.labels = labels
  }

  /// The answers of a model.
  public init<P>(
    of model: SequenceClassifier<P>, on sequences: [LabeledSequence], device: Device
  ) {
    self.init(
      logits: model.logits(sequences.map(\.sequence), on: device),
      labels: sequences.map(\.label))
  }

  /// The label with the highest logit, for each example; the lowest index among equals.
  public var answers: [Int] {
    logits.map { row in
      row.indices.reduce(0) { best, index in row[index] > row[best] ? index : best }
    }
  }

  /// For each example, whether the answer is right.
  public var isCorrect: [Bool] { zip(answers, labels).map { $0 == $1 } }

  /// The share of right answers; 0 where there are no examples.
  public var accuracy: Double {
    labels.isEmpty ? 0 : Double(isCorrect.count { $0 }) / Double(labels.count)
  }

  /// The mean of −log p(label).
  public var loss: Double {
    guard !labels.isEmpty else { return 0 }
    let losses = zip(logits, labels).map { -logSoftmax($0)[$1] }
    return losses.reduce(0, +) / Double(labels.count)
  }

  /// The mean of the labels' F1 scores (macro-averaged); a label that is neither there nor answered
  /// counts as 0.
  public var f1: Double {
    guard let labelCount = logits.first?.count else { return 0 }
    let answers = answers
    let scores = (0..<labelCount).map { label in
      let pairs = zip(answers, labels)
      let both = pairs.count { $0 == label && $1 == label }
      let either = answers.count { $0 == label } + labels.count { $0 == label }
      return either == 0 ? 0 : 2 * Double(both) / Double(either)
    }
    return scores.reduce(0, +) / Double(labelCount)
  }
}
