// The optimizer.

public import Encoders
public import Tensors

/// AdamW (Loshchilov & Hutter, 2019, arXiv:1711.05101) with clipping by the global norm.
public struct AdamW: Sendable {
  /// Running means of gradients and of their squares, in the order of the model's parameters.
  var firstMoments: [Tensor]
  var secondMoments: [Tensor]
  /// Steps taken.
  var stepCount = 0
  private let options: TrainingOptions

  /// An optimizer for a model, its moments zero.
  public init(for model: DenseClassifier, options: TrainingOptions) {
    firstMoments = model.parameters.map { Tensor(zeros: $0.tensor.shape) }
    secondMoments = firstMoments
    self.options = options
  }

  /// Moves `model` by one step and clears `gradients`; returns the gradients' norm before clipping.
  ///
  /// Throws `notFinite` and changes nothing when a gradient is NaN or infinite.
  @discardableResult
  public mutating func step(
    _ model: inout DenseClassifier, _ gradients: inout DenseClassifier, learningRate: Float,
    on device: Device
  ) throws(TrainingError) -> Float {
    var squares = 0.0
    for (_, gradient) in gradients.parameters { squares += device.sumOfSquares(gradient) }
    let norm = Float(squares.squareRoot())
    guard norm.isFinite else {
      let name = gradients.parameters.first { !device.isFinite($0.tensor) }?.name
      throw .notFinite(step: stepCount, what: "the gradient of \(name ?? "all tensors together")")
    }
    stepCount += 1
    let isClipped = options.clipNorm > 0 && norm > options.clipNorm
    var step = AdamWStep(
      learningRate: learningRate, beta1: options.beta1, beta2: options.beta2,
      epsilon: options.epsilon, weightDecay: 0,
      gradientScale: isClipped ? options.clipNorm / norm : 1, step: stepCount)
    var index = 0
    var gradientTensors = gradients.takeParameters()
    model.forEachParameter(at: "") { name, parameter in
      step.weightDecay = parameter.shape.count == 2 ? options.weightDecay : 0
      device.adamW(
        step, parameter: &parameter, gradient: &gradientTensors[index],
        firstMoment: &firstMoments[index], secondMoment: &secondMoments[index])
      index += 1
    }
    gradients.putParameters(gradientTensors)
    return norm
  }
}

extension Parameterized {
  /// The tensors, moved out so that each has one holder; empty ones stay behind.
  mutating func takeParameters() -> [Tensor] {
    var list: [Tensor] = []
    let nothing = Tensor(zeros: 0)
    forEachParameter(at: "") { _, tensor in
      list.append(tensor)
      tensor = nothing
    }
    return list
  }

  /// Puts tensors back in the order in which they were taken.
  mutating func putParameters(_ list: consuming [Tensor]) {
    var rest = list[...]
    forEachParameter(at: "") { _, tensor in tensor = rest.removeFirst() }
  }
}
