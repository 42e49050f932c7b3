// Ways to tell how much a unit matters, and the one pass over data that serves them all.

public import Encoders
public import Tensors
public import Training

/// The criteria by name.
public enum Criterion: String, Codable, CaseIterable, Sendable {
  /// |∂loss/∂gate| (Michel et al., 2019).
  case gateGradient = "gate-gradient"
  /// The size of the unit's weights.
  case magnitude
  /// What the loss loses when the unit is closed: the truth, at the price of one pass a unit.
  case ablation
  /// By chance: the floor that every criterion has to beat.
  case random

  /// A new criterion; `seed` matters to `random` alone.
  public func make(seed: UInt64) -> any ImportanceCriterion {
    switch self {
    case .gateGradient: GateGradient()
    case .magnitude: Magnitude()
    case .ablation: Ablation()
    case .random: RandomImportance(seed: seed)
    }
  }
}

/// One batch as it went through the model, gates open.
public struct CalibrationStep: Sendable {
  /// The model.
  public let model: DenseClassifier
  /// The batch.
  public let batch: LabeledBatch
  /// What the loss is measured with.
  public let objective: CrossEntropy
  /// The batch's mean loss.
  public let loss: Float
  /// The gradient of each example's own loss by each head's gate, layer by layer,
  /// [examples, heads]; empty where no criterion asked for it.
  public let gateGradients: [Tensor]
  /// Where it runs.
  public let device: Device
}

/// A way to tell how much a unit matters. What it says does not depend on batch size or data order.
public protocol ImportanceCriterion: Sendable {
  /// What it wants to see of the data.
  var observes: Observations { get }
  /// Takes note of a batch.
  mutating func observe(_ step: CalibrationStep)
  /// A score for each head of the model, layer by layer, from what was observed.
  func scores(of model: DenseClassifier) throws(PruningError) -> ImportanceScores
}

/// What a criterion wants to see of calibration data.
public struct Observations: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Batches and their loss.
  public static let loss = Observations(rawValue: 1)
  /// Gradients of gates as well.
  public static let gateGradients = Observations(rawValue: 3)
}

extension ImportanceCriterion {
  public var observes: Observations { [] }
  public mutating func observe(_ step: CalibrationStep) {}
}

/// Shows the batches to every criterion that wants data, in one pass; `observe` hears how many
/// batches are done.
public func calibrate(
  _ criteria: inout [any ImportanceCriterion], on batches: [LabeledBatch],
  through model: DenseClassifier, device: Device, observe: (Int) -> Void = { _ in }
) {
  let wanted = criteria.reduce(into: Observations()) { $0.formUnion($1.observes) }
  guard !wanted.isEmpty else { return }
  let objective = CrossEntropy()
  var scratch = model.zeros()
  for (index, batch) in batches.enumerated() {
    let wantsGradients = wanted.contains(.gateGradients)
    let options = ForwardOptions(
      gates: wantsGradients ? Gates(open: model.configuration) : nil, isRecording: wantsGradients)
    let trace = model.forward(batch.tokens, options: options, on: device)
    let (loss, gradient) = objective(trace.logits, batch)
    var gateGradients: [Tensor] = []
    if wantsGradients {
      // The loss is a mean: an example's own gradient is as many times larger as there are examples.
      let count = Float(batch.labels.count)
      gateGradients = model.backward(gradient, trace, into: &scratch, on: device).map {
        Tensor($0.elements.map { $0 * count }, shape: $0.shape)
      }
    }
    let step = CalibrationStep(
      model: model, batch: batch, objective: objective, loss: loss, gateGradients: gateGradients,
      device: device)
    for index in criteria.indices where !criteria[index].observes.isEmpty {
      criteria[index].observe(step)
    }
    observe(index + 1)
  }
}
