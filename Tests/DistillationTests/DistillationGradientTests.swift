import Distillation
import Encoders
import Tensors
import TestSupport
import Testing
import Training

/// The gradient of every part of the loss by every parameter, dropout on, against differences.
@Suite struct DistillationGradientTests {
  /// As in the whole model's gradient test: along a direction of length 1, the noise of a loss in
  /// 32-bit floats divided by twice the step, and truncation in parts of the gradient's length.
  private static let (step, noise, truncation): (Float, Double, Double) = (3e-3, 3e-3, 2e-2)

  private static let losses = [
    Fixture.options(soft: 1), Fixture.options(hard: 1), Fixture.options(hidden: 1),
    Fixture.options(hidden: 2, map: .last),
    // The student's lower layer follows the teacher's last, the last one a layer in the middle.
    Fixture.options(hidden: 1, map: .given([3, 1])),
    Fixture.options(soft: 0.7, hard: 0.4, hidden: 0.5),
  ]

  private func check(
    _ objective: DistillationObjective, _ model: DenseClassifier, wantsAllTokens: Bool = false
  ) throws {
    let examples = try Fixture.examples(5)
    var options = ForwardOptions(dropout: DropoutOptions(hidden: 0.1, attention: 0.1, key: 7))
    options.wantsAllTokens = wantsAllTokens
    let gradients = evaluate(objective, model, examples, options: options).gradients.parameters
    for (index, (name, gradient)) in gradients.enumerated() {
      let length = gradient.elements.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      guard length > 0 else { continue }
      func moved(_ distance: Float) -> Double {
        var copy = model
        var place = 0
        copy.forEachParameter(at: "") { _, tensor in
          if place == index {
            for i in 0..<tensor.count { tensor[i] += distance * gradient[i] / Float(length) }
          }
          place += 1
        }
        return Double(evaluate(objective, copy, examples, options: options).loss)
      }
      let slope = (moved(Self.step) - moved(-Self.step)) / Double(2 * Self.step)
      let bound = Self.noise + Self.truncation * length
      #expect(abs(slope - length) < bound, "\(name): \(slope), \(length)")
    }
  }

  @Test(arguments: losses, [false, true])
  func theGradientIsTheSlopeOfTheLoss(
    options: DistillationOptions, wantsAllTokens: Bool
  ) throws {
    try check(
      try Fixture.objective(options), Fixture.student, wantsAllTokens: wantsAllTokens)
  }

  @Test func theGradientOfAStudentWithFewerChannelsIsTheSlope() throws {
    let sizes = Fixture.configuration(heads: [1, 2], hiddenSize: 17)
    var options = Fixture.options(hidden: 1)
    options.channels = (0..<24).filter { $0 % 3 != 1 || $0 == 1 }
    try check(
      try Fixture.objective(options, student: sizes), DenseClassifier.random(sizes, seed: 2))
  }

  @Test func eachPartReachesWhatItShould() throws {
    let examples = try Fixture.examples(5)
    func reached(_ options: DistillationOptions) throws -> Set<String> {
      let gradients = evaluate(try Fixture.objective(options), Fixture.student, examples).gradients
      let changed = gradients.parameters.filter { $0.tensor.elements.contains { $0 != 0 } }
      return Set(changed.map(\.name))
    }
    let hidden = try reached(Fixture.options(hidden: 1))
    #expect(hidden.contains("layers.1.feedForward.down.weight"))
    #expect(hidden.contains("layers.0.attention.queryKeyValue.weight"))
    #expect(hidden.contains("embeddings.word"))
    #expect(!hidden.contains("classifier.weight") && !hidden.contains("pooler.weight"))
    #expect(try reached(Fixture.options(soft: 1)).contains("classifier.weight"))
  }
}
