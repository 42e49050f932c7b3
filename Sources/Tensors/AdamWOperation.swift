// One step of AdamW, fused: each parameter is read and written once.

import CKernels

/// The numbers that one AdamW step needs.
public struct AdamWStep: Sendable {
  /// Step size, decay rates of the two moments, and the term that keeps the division finite.
  public var learningRate, beta1, beta2, epsilon: Float
  /// Decoupled weight decay, before it is multiplied by the learning rate.
  public var weightDecay: Float
  /// What gradients are multiplied by first: clipping.
  public var gradientScale: Float
  /// The step's number, from 1, which corrects the moments' bias.
  public var step: Int

  /// A step.
  public init(
    learningRate: Float, beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float,
    gradientScale: Float, step: Int
  ) {
    (self.learningRate, self.beta1, self.beta2) = (learningRate, beta1, beta2)
    (self.epsilon, self.weightDecay) = (epsilon, weightDecay)
    (self.gradientScale, self.step) = (gradientScale, step)
  }
}

extension Device {
  /// Moves `parameter` by one step of AdamW (Loshchilov & Hutter, 2019, arXiv:1711.05101) and
  /// clears `gradient`.
  public func adamW(
    _ step: AdamWStep, parameter: inout Tensor, gradient: inout Tensor,
    firstMoment: inout Tensor, secondMoment: inout Tensor
  ) {
    func correction(_ beta: Float) -> Float {
      Float(1 - power(Double(beta), step.step))
    }
    var native = pare_adamw(
      learning_rate: step.learningRate, beta1: step.beta1, beta2: step.beta2,
      epsilon: step.epsilon, weight_decay: step.weightDecay, gradient_scale: step.gradientScale,
      correction1: correction(step.beta1), correction2: correction(step.beta2))
    pare_adamw_step(
      handle, &native, parameter.count, parameter.mutablePointer, gradient.mutablePointer,
      firstMoment.mutablePointer, secondMoment.mutablePointer)
  }

  private func power(_ value: Double, _ exponent: Int) -> Double {
    var (result, factor, left) = (1.0, value, exponent)
    while left > 0 {
      if left & 1 == 1 { result *= factor }
      factor *= factor
      left >>= 1
    }
    return result
  }
}
