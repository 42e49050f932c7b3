// The baseline that a model has to beat.

import Foundation
public import Text

/// Multinomial logistic regression on the words of a text, each there or not: order is lost.
///
/// Half the squared weights plus the summed −log p(label) is made small by full-batch Adam; the
/// problem is convex, so the answer does not depend on a seed. Words seen once are left out.
public struct BagOfWords: Sendable {
  private var index: [String: Int] = [:]
  private var weights: [Double]  // [words, labels]
  private var biases: [Double]
  private let labelCount: Int

  /// Learns from labeled examples.
  public init(_ dataset: Dataset, iterations: Int = 200) {
    labelCount = dataset.labelNames.count
    let labeled = dataset.examples.filter { $0.label != nil }
    let texts = labeled.map { Self.words($0) }
    var counts: [String: Int] = [:]
    for text in texts { for word in text { counts[word, default: 0] += 1 } }
    for word in counts.filter({ $0.value > 1 }).keys.sorted() { index[word] = index.count }
    weights = Array(repeating: 0, count: index.count * labelCount)
    biases = Array(repeating: 0, count: labelCount)
    let known = index
    let indices = texts.map { text in text.compactMap { known[$0] }.sorted() }
    fit(indices, labeled.map { $0.label ?? 0 }, iterations)
  }

  /// The most probable label of each example.
  public func answers(_ examples: [Example]) -> [Int] {
    examples.map { example in
      let scores = scores(Self.words(example).compactMap { index[$0] }.sorted())
      return scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
    }
  }

  /// Runs of letters, digits and apostrophes, lowercased; the second text's words are other words.
  private static func words(_ example: Example) -> Set<String> {
    func split(_ text: String) -> [String] {
      text.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "'") }.map(String.init)
    }
    return Set(split(example.text) + split(example.secondText ?? "").map { "2:" + $0 })
  }

  private func scores(_ words: [Int]) -> [Double] {
    var scores = biases
    for word in words {
      for label in 0..<labelCount { scores[label] += weights[word * labelCount + label] }
    }
    return scores
  }

  private mutating func fit(_ texts: [[Int]], _ labels: [Int], _ iterations: Int) {
    let parameterCount = weights.count + labelCount
    var first = [Double](repeating: 0, count: parameterCount)
    var second = first
    for iteration in 1...iterations {
      var gradient = weights + [Double](repeating: 0, count: labelCount)
      for (words, label) in zip(texts, labels) {
        let scores = scores(words)
        let most = scores.max() ?? 0
        let exponentials = scores.map { exp($0 - most) }
        let total = exponentials.reduce(0, +)
        for other in 0..<labelCount {
          let slope = exponentials[other] / total - (other == label ? 1 : 0)
          gradient[weights.count + other] += slope
          for word in words { gradient[word * labelCount + other] += slope }
        }
      }
      let rate = 0.1 * (1 - Double(iteration - 1) / Double(iterations))
      let (keep1, keep2) = (1 - pow(0.9, Double(iteration)), 1 - pow(0.99, Double(iteration)))
      for i in 0..<parameterCount {
        first[i] += 0.1 * (gradient[i] - first[i])
        second[i] += 0.01 * (gradient[i] * gradient[i] - second[i])
        let move = rate * (first[i] / keep1) / ((second[i] / keep2).squareRoot() + 1e-8)
        if i < weights.count { weights[i] -= move } else { biases[i - weights.count] -= move }
      }
    }
  }
}
