import Encoders
import Foundation
import Tensors
import TestSupport
import Testing
import Training

@Suite struct AdamWTests {
  private let device = Device(threads: 2)

  /// A model's gradient with these values everywhere.
  private func gradients(of model: DenseClassifier, _ value: Float) -> DenseClassifier {
    var gradients = model.zeros()
    gradients.forEachParameter(at: "") { _, tensor in tensor.fill(value) }
    return gradients
  }

  @Test func onlyMatricesDecay() throws {
    var options = TrainingOptions()
    options.weightDecay = 0.5
    var model = DenseClassifier.random(.uneven, seed: 1)
    let before = model.parameters
    var optimizer = AdamW(for: model, options: options)
    var gradients = model.zeros()
    try optimizer.step(&model, &gradients, learningRate: 0.1, on: device)
    for (old, new) in zip(before, model.parameters) {
      let keep: Float = old.tensor.shape.count == 2 ? 0.95 : 1
      let expected = Tensor(old.tensor.elements.map { $0 * keep }, shape: old.tensor.shape)
      #expect(relativeDifference(new.tensor, expected) < Tolerance.float, "\(old.name)")
    }
  }

  @Test func lowerLayersLearnSlowerByTheLayerDecay() throws {
    var options = TrainingOptions()
    options.layerDecay = 0.5
    options.weightDecay = 0
    var model = DenseClassifier.random(.uneven, seed: 1)
    let before = model.parameters
    var optimizer = AdamW(for: model, options: options)
    var gradients = gradients(of: model, 1)
    try optimizer.step(&model, &gradients, learningRate: 1, on: device)
    let count = model.layers.count
    // The first step of AdamW is as long as the learning rate.
    for (old, new) in zip(before, model.parameters) where new.tensor.count > 0 {
      let depth =
        old.name.hasPrefix("embeddings.")
        ? count + 1
        : (0..<count).first { old.name.hasPrefix("layers.\($0).") }.map { count - $0 } ?? 0
      let expected = old.tensor[0] - pow(0.5, Float(depth))
      #expect(abs(new.tensor[0] - expected) < 1e-5, "\(old.name)")
    }
  }

  @Test func longGradientsAreClippedAndAllAreCleared() throws {
    var options = TrainingOptions()
    options.epsilon = 0.5  // so that a gradient's length matters to the first step
    options.weightDecay = 0
    let start = DenseClassifier.random(.uneven, seed: 2)
    let root = Float(start.parameterCount).squareRoot()
    func step(_ value: Float, clipNorm: Float) throws -> (DenseClassifier, Float) {
      options.clipNorm = clipNorm
      var model = start
      var given = gradients(of: start, value)
      var optimizer = AdamW(for: model, options: options)
      let norm = try optimizer.step(&model, &given, learningRate: 0.1, on: device)
      #expect(given == start.zeros())
      return (model, norm)
    }
    let (clipped, norm) = try step(3, clipNorm: 2 * root)
    #expect(abs(norm / (3 * root) - 1) < 1e-5, "the norm is that before clipping")
    let (short, _) = try step(2, clipNorm: 2.1 * root)
    for (a, b) in zip(clipped.parameters, short.parameters) {
      #expect(relativeDifference(a.tensor, b.tensor) < Tolerance.float, "\(a.name)")
    }
    let (free, _) = try step(3, clipNorm: 0)
    #expect(free != clipped)
  }

  @Test(arguments: [Float.nan, .infinity])
  func aGradientThatIsNoNumberIsNamedAndChangesNothing(value: Float) throws {
    let start = DenseClassifier.random(.uneven, seed: 3)
    var model = start
    var optimizer = AdamW(for: model, options: TrainingOptions())
    var given = gradients(of: model, 0.1)
    try optimizer.step(&model, &given, learningRate: 0.1, on: device)
    let after = model
    given = gradients(of: model, 0.1)
    given.layers[1].feedForward.down.bias[3] = value
    let name = "the gradient of layers.1.feedForward.down.bias"
    #expect(throws: TrainingError.notFinite(step: 1, what: name)) {
      try optimizer.step(&model, &given, learningRate: 0.1, on: device)
    }
    #expect(model == after && model != start)
  }
}
