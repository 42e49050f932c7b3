import Encoders
import Tensors
import TestSupport
import Testing
import Text
import Training

/// The whole backward pass against differences of the whole forward pass.
@Suite struct GradientTests {
  private let device = Device(threads: 2)
  private static let lengths = [1, 7, 33, 12]
  private static let labels = [0, 1, 1, 0]

  /// Along a direction of length 1 the loss is moved by at most the gradient's length times this.
  private static let step: Float = 3e-3
  /// The forward pass is in 32-bit floats: its noise, 1e-7 of a loss near 1, divided by twice the
  /// step is 3e-5; gradients below are compared where they are a hundred times larger.
  private static let noise = 3e-3
  /// Of the gradient's length: truncation, the step squared times the third derivative.
  private static let truncation = 1e-2

  /// A number that follows from what a pass gave, and its gradient.
  private typealias Loss = (DenseClassifier.Trace) -> (value: Double, gradient: TraceGradient)

  /// Cross-entropy.
  private func crossEntropy(
    _ trace: DenseClassifier.Trace
  ) -> (value: Double, gradient: TraceGradient) {
    let (value, dLogits) = Oracle.crossEntropy(Matrix(trace.logits), labels: Self.labels)
    return (value, TraceGradient(logits: dLogits.tensor))
  }

  /// The same, and every hidden state times random factors, of which the sum is about 1.
  private func withHiddenStates(
    _ trace: DenseClassifier.Trace, of layerCount: Int
  ) -> (value: Double, gradient: TraceGradient) {
    var (value, gradient) = crossEntropy(trace)
    for index in 0...layerCount {
      guard let state = trace.hiddenState(index).map(Matrix.init) else { continue }
      var stream = RandomStream(5, UInt64(index))
      let deviation = 1 / Double(state.elements.count).squareRoot()
      let factors = Matrix(
        random: state.rows, state.columns, deviation: deviation, from: &stream)
      value += Matrix.dot(state, factors)
      gradient.hiddenStates[index] = factors.tensor
    }
    return (value, gradient)
  }

  private func expectSlopes(
    _ configuration: EncoderConfiguration, _ options: ForwardOptions, _ loss: Loss
  ) throws {
    let model = DenseClassifier.random(configuration, seed: 1)
    let batch = TokenBatch.random(lengths: Self.lengths, for: configuration, seed: 2)
    var options = options
    options.isRecording = true
    let trace = model.forward(batch, options: options, on: device)
    var whole = model.zeros()
    model.backward(loss(trace).gradient, trace, into: &whole, on: device)
    var stream = RandomStream(3)
    for (index, (name, gradient)) in whole.parameters.enumerated() where gradient.count > 0 {
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
        return loss(copy.forward(batch, options: options, on: device)).value
      }
      let slope = (moved(Self.step) - moved(-Self.step)) / Double(2 * Self.step)
      let expected = zip(gradient.elements, direction).reduce(0) { $0 + Double($1.0) * $1.1 }
      let length = gradient.elements.reduce(0) { $0 + Double($1 * $1) }.squareRoot()
      #expect(abs(slope - expected) < Self.noise + Self.truncation * length, "\(name)")
    }
  }

  @Test(arguments: EncoderConfiguration.tiny)
  func everyParametersGradientIsTheSlopeOfTheLoss(configuration: EncoderConfiguration) throws {
    let dropout = DropoutOptions(hidden: 0.1, attention: 0.1, key: 77)
    try expectSlopes(configuration, ForwardOptions(dropout: dropout), crossEntropy)
  }

  @Test(arguments: EncoderConfiguration.tiny, [false, true])
  func lossesMayLookAtHiddenStatesToo(
    configuration: EncoderConfiguration, wantsAllTokens: Bool
  ) throws {
    var options = ForwardOptions(dropout: DropoutOptions(hidden: 0.1, attention: 0.1, key: 7))
    options.wantsAllTokens = wantsAllTokens
    try expectSlopes(configuration, options) {
      withHiddenStates($0, of: configuration.layers.count)
    }
  }

  @Test(arguments: EncoderConfiguration.tiny)
  func gatesMayBeAjarMeanwhile(configuration: EncoderConfiguration) throws {
    var gates = Gates(open: configuration)
    for (index, place) in GatePlace.all(of: configuration).enumerated() {
      gates[place] = [1, 0.5, 0.3, 0][index % 4]
    }
    try expectSlopes(configuration, ForwardOptions(gates: gates)) {
      withHiddenStates($0, of: configuration.layers.count)
    }
  }

  @Test func hiddenStatesAreOfAllTokensBelowTheLastLayer() {
    let model = DenseClassifier.random(.uneven, seed: 1)
    let batch = TokenBatch.random(lengths: Self.lengths, for: .uneven, seed: 2)
    for wantsAllTokens in [false, true] {
      var options = ForwardOptions(isRecording: true)
      options.wantsAllTokens = wantsAllTokens
      let trace = model.forward(batch, options: options, on: device)
      let rows = (0...5).map { trace.hiddenState($0)?.shape[0] }
      #expect(rows == Array(repeating: 53, count: 5) + [wantsAllTokens ? 53 : 4])
    }
    #expect(model.forward(batch, on: device).hiddenState(0) == nil)
  }
}

extension [Double] {
  /// The same direction with length 1; zeros stay zeros.
  fileprivate var unit: [Double] {
    let length = reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length == 0 ? self : map { $0 / length }
  }
}
