import Encoders
import Tensors
import TestSupport
import Testing
import Text

/// The gradients of gates, each sequence's own, against differences of the whole forward pass.
@Suite struct GateGradientTests {
  private let device = Device(threads: 2)
  private static let lengths = [1, 7, 19, 12]

  /// How far the gates stand open.
  enum Setting: String, CaseIterable {
    case open, ajar
    case layerClosed, headClosed, neuronsClosed, channelsClosed

    func gates(_ configuration: EncoderConfiguration) -> Gates {
      var gates = Gates(open: configuration)
      var stream = RandomStream(21)
      for place in GatePlace.all(of: configuration) {
        let value = Float.random(in: 0.3...1, using: &stream)
        let isClosed =
          switch (self, place) {
          case (.layerClosed, .layer(let layer)): layer == 1
          case (.headClosed, .head(_, let head)): head == 0
          case (.neuronsClosed, .neuron(_, let neuron)): neuron % 3 == 1
          case (.channelsClosed, .channel(let channel)): channel % 4 == 2
          default: false
          }
        if self == .ajar { gates[place] = value }
        if isClosed { gates[place] = 0 }
      }
      return gates
    }
  }

  private struct Problem {
    let model: DenseClassifier
    let batch: TokenBatch
    /// What each logit counts for.
    let factors: Tensor
    let wantsAllTokens: Bool
    let device: Device

    init(_ configuration: EncoderConfiguration, wantsAllTokens: Bool = false, on device: Device) {
      model = .random(configuration, seed: 1)
      batch = .random(lengths: GateGradientTests.lengths, for: configuration, seed: 2)
      var stream = RandomStream(4)
      let count = GateGradientTests.lengths.count
      factors = Matrix(random: count, configuration.labelCount, from: &stream).tensor
      (self.wantsAllTokens, self.device) = (wantsAllTokens, device)
    }

    private func options(_ gates: Gates, isRecording: Bool) -> ForwardOptions {
      var options = ForwardOptions(gates: gates, isRecording: isRecording)
      options.wantsAllTokens = wantsAllTokens
      return options
    }

    /// Each sequence's logits, weighed.
    func values(_ gates: Gates) -> [Double] {
      let logits = model.forward(
        batch, options: options(gates, isRecording: false), on: device
      ).logits
      return (0..<batch.sequenceCount).map { row in
        zip(logits.row(row), factors.row(row)).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
    }

    func gradients(_ gates: Gates) throws -> GateGradients {
      let trace = model.forward(batch, options: options(gates, isRecording: true), on: device)
      var unused = model.zeros()
      return try #require(
        model.backward(TraceGradient(logits: factors), trace, into: &unused, on: device))
    }

    /// The derivatives by a stencil of fourth order: with this step the error of truncation is
    /// about as large as that of 32-bit rounding.
    func slopes(at place: GatePlace, _ gates: Gates) -> [Double] {
      let step: Float = 1.0 / 64
      func values(_ distance: Float) -> [Double] {
        var moved = gates
        moved[place] += distance
        return self.values(moved)
      }
      let near = zip(values(step), values(-step)).map { $0 - $1 }
      let far = zip(values(2 * step), values(-2 * step)).map { $0 - $1 }
      return zip(near, far).map { (8 * $0 - $1) / (12 * Double(step)) }
    }
  }

  /// 32-bit logits, divided by a step of 1/64, and a stencil that is not exact.
  private let tolerance = 2e-3

  @Test(arguments: EncoderConfiguration.tiny, Setting.allCases)
  func everyGatesGradientIsTheSlopeOfItsSequence(
    configuration: EncoderConfiguration, setting: Setting
  ) throws {
    try expectSlopes(Problem(configuration, on: device), setting)
  }

  @Test(arguments: EncoderConfiguration.tiny)
  func everyTokenOfTheLastLayerChangesNothing(configuration: EncoderConfiguration) throws {
    try expectSlopes(Problem(configuration, wantsAllTokens: true, on: device), .ajar)
  }

  private func expectSlopes(_ problem: Problem, _ setting: Setting) throws {
    let gates = setting.gates(problem.model.configuration)
    let gradients = try problem.gradients(gates)
    var pairs: [String: (found: [Double], expected: [Double])] = [:]
    for place in GatePlace.all(of: problem.model.configuration) {
      let found = gradients.gradients(at: place).map(Double.init)
      if case .channel = place, gates[place] == 0 {
        // Normalizations leave it out: what it would do just above 0 is not what it does at 0.
        #expect(found.allSatisfy { $0 == 0 })
        continue
      }
      let kind = String("\(place)".prefix { $0 != "(" })
      pairs[kind, default: ([], [])].found += found
      pairs[kind, default: ([], [])].expected += problem.slopes(at: place, gates)
    }
    for (kind, pair) in pairs {
      #expect(relativeDifference(pair.found, pair.expected) < tolerance, "\(kind)")
    }
  }

  @Test(arguments: EncoderConfiguration.tiny)
  func aSequencesGradientsDoNotDependOnTheCompany(configuration: EncoderConfiguration) throws {
    let problem = Problem(configuration, on: device)
    let gates = Setting.ajar.gates(configuration)
    let together = try problem.gradients(gates).tensors
    for (index, single) in problem.batch.singles.enumerated() {
      let trace = problem.model.forward(
        single, options: ForwardOptions(gates: gates, isRecording: true), on: device)
      var unused = problem.model.zeros()
      let gradient = TraceGradient(logits: problem.factors.rows(at: [index]))
      let alone = try #require(
        problem.model.backward(gradient, trace, into: &unused, on: device))
      for (own, all) in zip(alone.tensors, together) {
        #expect(relativeDifference(own, all.rows(at: [index])) < Tolerance.backward)
      }
    }
  }

  @Test func openGatesChangeNoParametersGradient() {
    let problem = Problem(.uneven, on: device)
    func gradients(_ gates: Gates?) -> DenseClassifier {
      var gradients = problem.model.zeros()
      let trace = problem.model.forward(
        problem.batch, options: ForwardOptions(gates: gates, isRecording: true), on: device)
      problem.model.backward(
        TraceGradient(logits: problem.factors), trace, into: &gradients, on: device)
      return gradients
    }
    let plain = gradients(nil).parameters
    for (found, expected) in zip(gradients(Gates(open: .uneven)).parameters, plain) {
      #expect(
        relativeDifference(found.tensor, expected.tensor) < Tolerance.float, "\(found.name)")
    }
  }

  @Test func passesWithoutGatesHaveNoGradientsOfGates() {
    let problem = Problem(.uneven, on: device)
    let trace = problem.model.forward(
      problem.batch, options: ForwardOptions(isRecording: true), on: device)
    var unused = problem.model.zeros()
    #expect(
      problem.model.backward(
        TraceGradient(logits: problem.factors), trace, into: &unused, on: device) == nil)
  }
}
