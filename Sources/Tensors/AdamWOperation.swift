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

/// Steps that rows of a table put off because their gradient was zero.
///
/// A token that a batch does not hold has no gradient; its row still moves, by decay and by its
/// moments. Put off until somebody looks at the row, those moves cost no memory traffic, and give
/// the same bits.
public struct DeferredSteps: Sendable {
  private var steps: [pare_adamw] = []
  private var taken: [Int32]

  /// No steps of a table of `rowCount` rows.
  public init(rowCount: Int) { taken = Array(repeating: 0, count: rowCount) }

  /// Whether every row has taken every step.
  public var isEmpty: Bool { steps.isEmpty }

  /// Notes a step; rows take it when they are next asked for.
  mutating func append(_ step: AdamWStep) { steps.append(step.native) }

  mutating func take(
    _ rows: [Int32]?, parameter: inout Tensor, gradient: UnsafeMutablePointer<Float>?,
    firstMoment: inout Tensor, secondMoment: inout Tensor, on device: Device
  ) {
    precondition(parameter.rows == taken.count, "\(parameter.shape), \(taken.count) rows")
    if let rows { rows.requireRows(of: parameter, "row") }
    let width = Int32(parameter.width)
    steps.withUnsafeBufferPointer { steps in
      taken.withUnsafeMutableBufferPointer { taken in
        func take(_ rows: UnsafePointer<Int32>?, _ count: Int) {
          var native = pare_adamw_rows(
            steps: steps.baseAddress, step_count: Int32(steps.count), taken: taken.baseAddress,
            rows: rows, count: Int32(count), width: width, parameter: parameter.mutablePointer,
            gradient: gradient, first_moment: firstMoment.mutablePointer,
            second_moment: secondMoment.mutablePointer)
          pare_adamw_step_rows(device.handle, &native)
        }
        if let rows {
          rows.withUnsafeBufferPointer { take($0.baseAddress, $0.count) }
        } else {
          take(nil, taken.count)
        }
      }
    }
    if rows == nil {
      steps = []
      taken = Array(repeating: 0, count: taken.count)
    }
  }
}

extension Device {
  /// Moves `parameter` by one step of AdamW (Loshchilov & Hutter, 2019, arXiv:1711.05101) and
  /// clears `gradient`.
  public func adamW(
    _ step: AdamWStep, parameter: inout Tensor, gradient: inout Tensor,
    firstMoment: inout Tensor, secondMoment: inout Tensor
  ) {
    var native = step.native
    pare_adamw_step(
      handle, &native, parameter.count, parameter.mutablePointer, gradient.mutablePointer,
      firstMoment.mutablePointer, secondMoment.mutablePointer)
  }

  /// The same for a table of which only `rows`, distinct, have a gradient and are up to date: the
  /// others put the step off.
  public func adamW(
    _ step: AdamWStep, rows: [Int32], deferring deferred: inout DeferredSteps,
    parameter: inout Tensor, gradient: inout Tensor, firstMoment: inout Tensor,
    secondMoment: inout Tensor
  ) {
    deferred.append(step)
    deferred.take(
      rows, parameter: &parameter, gradient: gradient.mutablePointer, firstMoment: &firstMoment,
      secondMoment: &secondMoment, on: self)
  }

  /// Lets `rows`, or all where `nil`, take the steps that they put off.
  public func catchUp(
    _ deferred: inout DeferredSteps, rows: [Int32]?, parameter: inout Tensor,
    firstMoment: inout Tensor, secondMoment: inout Tensor
  ) {
    guard !deferred.isEmpty else { return }
    deferred.take(
      rows, parameter: &parameter, gradient: nil, firstMoment: &firstMoment,
      secondMoment: &secondMoment, on: self)
  }
}

extension AdamWStep {
  fileprivate var native: pare_adamw {
    func correction(_ beta: Float) -> Float {
      Float(1 - power(Double(beta), step))
    }
    return pare_adamw(
      learning_rate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
      weight_decay: weightDecay, gradient_scale: gradientScale, correction1: correction(beta1),
      correction2: correction(beta2))
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
