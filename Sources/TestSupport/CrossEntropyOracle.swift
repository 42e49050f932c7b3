// Cross-entropy, naively.

import Foundation

extension Oracle {
  /// The mean over the rows of −Σ target · log softmax(logits), and its gradient. The target is
  /// 1 − smoothing at the label, and smoothing / labels more everywhere.
  public static func crossEntropy(
    _ logits: Matrix, labels: [Int], smoothing: Double = 0
  ) -> (value: Double, gradient: Matrix) {
    let probabilities = softmax(logits)
    var gradient = probabilities
    var loss = 0.0
    for (row, label) in labels.enumerated() {
      for column in 0..<logits.columns {
        let target = (column == label ? 1 - smoothing : 0) + smoothing / Double(logits.columns)
        loss -= target * log(probabilities[row, column])
        gradient[row, column] = (probabilities[row, column] - target) / Double(labels.count)
      }
    }
    return (loss / Double(labels.count), gradient)
  }
}
