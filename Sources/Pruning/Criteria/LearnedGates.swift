// Importance by gates that are learned.

import Encoders
import Foundation
import Tensors
import Text
import Training

extension Gates {
  /// Sets the gates of all units of a kind, in the rows of ``PruningUnit/counts(in:)``.
  mutating func set(_ unit: PruningUnit, to rows: [[Float]]) {
    switch unit {
    case .layers: for index in layers.indices { layers[index].layer = rows[index][0] }
    case .heads: for index in layers.indices { layers[index].heads = rows[index] }
    case .neurons: for index in layers.indices { layers[index].neurons = rows[index] }
    case .channels: channels = rows[0]
    case .tokens: preconditionFailure("tokens have no gates")
    }
  }
}

/// log α of hard-concrete gates that are trained on the examples, with all weights held: the loss,
/// plus a penalty for every gate that is open (Louizos et al., 2018, arXiv:1712.01312; for heads
/// Voita et al., 2019, arXiv:1905.09418; for all kinds of units CoFi: Xia et al., 2022,
/// arXiv:2204.00408).
///
/// Each kind of unit is trained by itself, all others open; unlike in these papers, weights do not
/// follow, and the penalty is fixed instead of aimed at a size. The examples are put in an order of
/// their own first, so that it does not matter how they came.
struct LearnedGates: ImportanceCriterion {
  /// Decides the order of examples and the gates' chance.
  let seed: UInt64
  /// Steps of Adam (Kingma & Ba, 2015, arXiv:1412.6980), and the examples of each.
  var steps = 300
  var batchSize = 32
  /// log α moves by at most about this much in a step.
  var learningRate = 0.05
  /// What all gates open cost together, in units of the loss.
  var penalty = 1.0
  /// The log α to start from: 97 % of gates are not closed.
  var start = 2.0

  private var examples: [LabeledExample] = []
  private var setting: (objective: CrossEntropy, device: Device)?

  init(seed: UInt64) { self.seed = seed }

  var criterion: Criterion { .learnedGates }
  var observes: Observations { .loss }

  mutating func observe(_ step: CalibrationStep) {
    let tokens = step.batch.tokens
    var start = 0
    for (length, label) in zip(tokens.lengths, step.batch.labels) {
      let range = start..<start + length
      examples.append(
        LabeledExample(
          ids: Array(tokens.ids[range]), typeIDs: Array(tokens.typeIDs[range]), label: label))
      start += length
    }
    setting = (step.objective, step.device)
  }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    guard let setting, !examples.isEmpty else { throw .noCalibrationData(criterion: criterion) }
    let counts = unit.counts(in: model.configuration)
    let total = counts.reduce(0, +)
    var gates = Array(repeating: HardConcrete(logAlpha: start), count: total)
    guard total > 0 else { return counts.map { _ in [] } }
    let examples = examples.sorted()
    var adam = Adam(count: total, learningRate: learningRate)
    var unused = model.zeros()
    for step in 0..<steps {
      var stream = RandomStream(seed, 0x6a7e5, UInt64(step))
      let samples = gates.map { $0.sample(stream.uniform()) }
      var values = samples.map { Float($0.gate) }
      if unit == .channels, !values.contains(where: { $0 > 0 }) {
        values[0] = 1  // There is no model without channels.
      }
      var pass = Gates(open: model.configuration)
      pass.set(unit, to: values.split(into: counts))
      let batch = LabeledBatch(self.batch(of: examples, step))
      let trace = model.forward(
        batch.tokens, options: ForwardOptions(gates: pass, isRecording: true), on: setting.device)
      let (_, dLogits) = setting.objective(trace.logits, batch)
      let gradients = model.backward(
        TraceGradient(logits: dLogits), trace, into: &unused, on: setting.device)
      let dGates = gradients?.rows(of: unit).flatMap(\.columnSums) ?? []
      adam.step { index in
        dGates[index] * samples[index].slope
          + penalty / Double(total) * gates[index].openProbability.slope
      } move: {
        gates[$0].logAlpha -= $1
      }
    }
    return gates.map { Float($0.logAlpha) }.split(into: counts)
  }

  /// The examples of a step: one epoch after another, each in an order of its own.
  private func batch(of examples: [LabeledExample], _ step: Int) -> [LabeledExample] {
    let size = min(batchSize, examples.count)
    let stepsInEpoch = examples.count / size
    var stream = RandomStream(seed, 0xe90c4, UInt64(step / stepsInEpoch))
    let first = step % stepsInEpoch * size
    return stream.permutation(examples.count)[first..<first + size].map { examples[$0] }
  }
}

/// One example, as it is kept until all are there.
private struct LabeledExample: Comparable {
  let ids, typeIDs: [Int32]
  let label: Int

  static func < (a: Self, b: Self) -> Bool {
    if a.ids != b.ids { return a.ids.lexicographicallyPrecedes(b.ids) }
    if a.typeIDs != b.typeIDs { return a.typeIDs.lexicographicallyPrecedes(b.typeIDs) }
    return a.label < b.label
  }
}

extension LabeledBatch {
  fileprivate init(_ examples: [LabeledExample]) {
    self.init([] as [LabeledSequence])
    tokens = TokenBatch(
      ids: examples.flatMap(\.ids), typeIDs: examples.flatMap(\.typeIDs),
      lengths: examples.map(\.ids.count))
    labels = examples.map(\.label)
  }
}

/// Adam (Kingma & Ba, 2015, arXiv:1412.6980) on a list of numbers in double precision.
private struct Adam {
  private let learningRate: Double
  private var first, second: [Double]
  private var steps = 0

  init(count: Int, learningRate: Double) {
    self.learningRate = learningRate
    first = Array(repeating: 0, count: count)
    second = first
  }

  mutating func step(_ gradient: (Int) -> Double, move: (Int, Double) -> Void) {
    steps += 1
    let (beta1, beta2) = (0.9, 0.999)
    for index in first.indices {
      let g = gradient(index)
      first[index] = beta1 * first[index] + (1 - beta1) * g
      second[index] = beta2 * second[index] + (1 - beta2) * g * g
      let mean = first[index] / (1 - pow(beta1, Double(steps)))
      let square = second[index] / (1 - pow(beta2, Double(steps)))
      move(index, learningRate * mean / (square.squareRoot() + 1e-8))
    }
  }
}

extension Tensor {
  /// The sums of the columns of a matrix.
  fileprivate var columnSums: [Double] {
    var sums = Array(repeating: 0.0, count: shape[1])
    for (index, value) in elements.enumerated() { sums[index % shape[1]] += Double(value) }
    return sums
  }
}

extension [Float] {
  /// The elements in rows of so many.
  fileprivate func split(into counts: [Int]) -> [[Float]] {
    var rest = self[...]
    return counts.map { count in
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
  }
}
