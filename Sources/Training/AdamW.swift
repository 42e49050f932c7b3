// The optimizer.

public import Encoders
public import Tensors

/// AdamW (Loshchilov & Hutter, 2019, arXiv:1711.05101) with clipping by the global norm and
/// layer-wise decay of the learning rate.
///
/// Of the word embedding, rows that a step has no gradient for put the step off until they are
/// read: ``catchUp(_:rows:on:)``.
public struct AdamW: Sendable {
  /// Running means of gradients and of their squares, in the order of the model's parameters.
  var firstMoments: [Tensor]
  var secondMoments: [Tensor]
  /// Steps taken.
  var stepCount = 0
  private var deferred: DeferredSteps
  private let options: TrainingOptions
  /// What each parameter's learning rate is multiplied by.
  private let rateFactors: [Float]
  private let names: [String]

  /// An optimizer for a model, its moments zero.
  public init(for model: DenseClassifier, options: TrainingOptions) {
    let parameters = model.parameters
    precondition(parameters[Self.wordIndex].name == "embeddings.word")
    firstMoments = parameters.map { Tensor(zeros: $0.tensor.shape) }
    secondMoments = firstMoments
    deferred = DeferredSteps(rowCount: model.configuration.vocabularySize)
    rateFactors = parameters.map {
      options.rateFactor(of: $0.name, layerCount: model.layers.count)
    }
    names = parameters.map(\.name)
    self.options = options
  }

  private static let wordIndex = 0

  /// Calls `body` with each parameter's name and its moments: the running means of its gradients
  /// and of their squares. Those of the word embedding may lag behind.
  public mutating func forEachMoment(
    _ body: (_ name: String, _ first: inout Tensor, _ second: inout Tensor) -> Void
  ) {
    for (index, name) in names.enumerated() {
      body(name, &firstMoments[index], &secondMoments[index])
    }
  }

  /// Brings word embeddings up to date: `rows`, distinct, before a step reads them; all where
  /// `nil`, before anything else looks at the model.
  public mutating func catchUp(_ model: inout DenseClassifier, rows: [Int32]?, on device: Device) {
    device.catchUp(
      &deferred, rows: rows, parameter: &model.embeddings.word,
      firstMoment: &firstMoments[Self.wordIndex], secondMoment: &secondMoments[Self.wordIndex])
  }

  /// Moves `model` by one step and clears `gradients`; returns the gradients' norm before clipping.
  ///
  /// `rows` are those of the word embedding that are up to date and alone may have a gradient; all
  /// where `nil`. Throws `notFinite` and changes nothing when a gradient is NaN or infinite.
  @discardableResult
  public mutating func step(
    _ model: inout DenseClassifier, _ gradients: inout DenseClassifier, learningRate: Float,
    rows: [Int32]? = nil, on device: Device
  ) throws(TrainingError) -> Float {
    precondition(
      rows != nil || deferred.isEmpty, "rows put steps off; catch up before a whole step")
    let norm = try norm(gradients, rows, device)
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
      step.learningRate = learningRate * rateFactors[index]
      if let rows, index == Self.wordIndex {
        device.adamW(
          step, rows: rows, deferring: &deferred, parameter: &parameter,
          gradient: &gradientTensors[index], firstMoment: &firstMoments[index],
          secondMoment: &secondMoments[index])
      } else {
        device.adamW(
          step, parameter: &parameter, gradient: &gradientTensors[index],
          firstMoment: &firstMoments[index], secondMoment: &secondMoments[index])
      }
      index += 1
    }
    gradients.putParameters(gradientTensors)
    return norm
  }

  /// The length of all gradients together.
  private func norm(
    _ gradients: DenseClassifier, _ rows: [Int32]?, _ device: Device
  ) throws(TrainingError) -> Float {
    var squares = 0.0
    for (index, gradient) in gradients.parameters.enumerated() {
      if let rows, index == Self.wordIndex {
        squares += device.sumOfSquares(device.gatherRows(gradient.tensor, at: rows))
      } else {
        squares += device.sumOfSquares(gradient.tensor)
      }
    }
    let norm = Float(squares.squareRoot())
    guard norm.isFinite else {
      let name = gradients.parameters.first { !device.isFinite($0.tensor) }?.name
      throw .notFinite(step: stepCount, what: "the gradient of \(name ?? "all tensors together")")
    }
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
