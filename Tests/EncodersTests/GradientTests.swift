import Encoders
import Tensors
import TestSupport
import Testing
import Text
import Training

/// The whole backward pass, dropout on, against differences of the whole forward pass.
@Suite struct GradientTests {
  private let device = Device(threads: 2)
  private static let lengths = [1, 7, 33, 12]
  private static let labels = [0, 1, 1, 0]

  /// Along a direction of length 1 the loss is moved by at most the gradient's length times this.
  private static let step: Float = 3e-3
  /// The forward pass is in 32-bit floats: its noise, 1e-7 of a loss near 1, divided by twice the step
  /// is 3e-5; gradients below are compared where they are a hundred times larger.
  private static let noise = 3e-3
  /// Of the gradient's length: truncation, the step squared times the third derivative.
  private static let truncation = 1e-2

  private func loss(_ model: DenseClassifier, _ batch: TokenBatch, recording: Bool) -> (
    value: Double, gradients: DenseClassifier?
  ) {
    let dropout = DropoutOptions(hidden: 0.1, attention: 0.1, key: 77)
    let options = ForwardOptions(dropout: dropout, isRecording: recording)
    let trace = model.forward(batch, options: options, on: device)
    let (value, dLogits) = Oracle.crossEntropy(Matrix(trace.logits), labels: Self.labels)
    guard recording else { return (value, nil) }
    var gradients = model.zeros()
    model.backward(dLogits.tensor, trace, into: &gradients, on: device)
    return (value, gradients)
  }

  @Test(arguments: EncoderConfiguration.tiny)
  func everyParametersGradientIsTheSlopeOfTheLoss(configuration: EncoderConfiguration) throws {
    let model = DenseClassifier.random(configuration, seed: 1)
    let batch = TokenBatch.random(lengths: Self.lengths, for: configuration, seed: 2)
    let gradients = try #require(loss(model, batch, recording: true).gradients).parameters
    var stream = RandomStream(3)
    for (index, (name, gradient)) in gradients.enumerated() where gradient.count > 0 {
      // Half along the gradient, so that there is something to measure, half at random.
      let random = Matrix(random: 1, gradient.count, from: &stream).elements.unit
      let uphill = gradient.elements.map(Double.init).unit
      let direction = zip(random, uphill).map { $0 + $1 }.unit
      func moved(_ distance: Float) -> Double {
        var copy = model
        var place = 0
        copy.forEachParameter(at: "") { _, tensor in
          if place == index {
            for i in 0..<tensor.count { tensor[i] += distance * Float(direction[i]) }
          }
          place += 1
        }
        return loss(copy, batch, recording: false).value
      }
      let slope = (moved(Self.step) - moved(-Self.step)) / Double(2 * Self.step)
      let expected = zip(gradient.elements, direction).reduce(0) { $0 + Double($1.0) * $1.1 }
      let length = gradient.elements.reduce(0) { $0 + Double($1 * $1) }.squareRoot()
      #expect(abs(slope - expected) < Self.noise + Self.truncation * length, "\(name)")
    }
  }
}

extension [Double] {
  /// The same direction with length 1; zeros stay zeros.
  fileprivate var unit: [Double] {
    let length = reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length == 0 ? self : map { $0 / length }
  }
}
