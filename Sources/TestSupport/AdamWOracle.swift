// AdamW, naively.

import Foundation

extension Oracle {
  /// AdamW on a list of numbers, as its paper writes it (Loshchilov & Hutter, 2019, algorithm 2).
  public struct AdamW {
    public var parameters: [Double]
    public var learningRate, beta1, beta2, epsilon, weightDecay: Double
    private var first, second: [Double]
    private var step = 0

    /// An optimizer at its first step.
    public init(
      _ parameters: [Double], learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999,
      epsilon: Double = 1e-8, weightDecay: Double
    ) {
      self.parameters = parameters
      (self.learningRate, self.beta1, self.beta2) = (learningRate, beta1, beta2)
      (self.epsilon, self.weightDecay) = (epsilon, weightDecay)
      first = parameters.map { _ in 0 }
      second = first
    }

    /// One step along `gradient`.
    public mutating func take(_ gradient: [Double]) {
      step += 1
      for (i, g) in gradient.enumerated() {
        first[i] = beta1 * first[i] + (1 - beta1) * g
        second[i] = beta2 * second[i] + (1 - beta2) * g * g
        let mean = first[i] / (1 - pow(beta1, Double(step)))
        let square = second[i] / (1 - pow(beta2, Double(step)))
        parameters[i] -=
          learningRate * (mean / (square.squareRoot() + epsilon) + weightDecay * parameters[i])
      }
    }
  }
}
