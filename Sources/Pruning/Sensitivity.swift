// What a model loses when one kind of unit is cut from one layer alone.

public import Encoders
import Foundation
public import Tensors
public import Training

/// How much each layer's heads and neurons can spare: the planner's map, and a picture for people.
public struct Sensitivity: Codable, Equatable, Sendable {
  /// What is lost when so many units are left.
  public struct Point: Codable, Equatable, Sendable {
    /// Units that stay.
    public var kept: Int
    /// The mean over examples of the Kullback–Leibler divergence of the cut model's answer from the
    /// whole model's, in nats.
    public var divergence: Double
    /// The share of right labels.
    public var accuracy: Double
  }

  /// The points of one kind of unit in one layer.
  public struct Curve: Codable, Equatable, Sendable {
    /// The layer, from 0 at the bottom.
    public var layer: Int
    /// Heads, neurons, or the layer itself.
    public var unit: PruningUnit
    /// From none to all.
    public var points: [Point]

    /// The divergence with `kept` units, between points in a straight line.
    public func divergence(keeping kept: Int) -> Double {
      guard let upper = points.firstIndex(where: { $0.kept >= kept }) else { return 0 }
      let above = points[upper]
      guard above.kept > kept, upper > 0 else { return above.divergence }
      let below = points[upper - 1]
      let share = Double(kept - below.kept) / Double(above.kept - below.kept)
      return below.divergence + share * (above.divergence - below.divergence)
    }
  }

  /// The model that was looked at.
  public var sizes: PruningPlan.Sizes
  /// Of each layer its heads, its neurons and the layer.
  public var curves: [Curve]

  /// The curve of a kind of unit in a layer.
  public func curve(_ unit: PruningUnit, _ layer: Int) -> Curve? {
    curves.first { $0.layer == layer && $0.unit == unit }
  }
}

/// Measures sensitivity: cuts one half of one layer at a time, to several sizes, and looks at the
/// answers.
public struct SensitivityProbe: Sendable {
  /// The shares of units that stay, beside all of them.
  public var levels = [0, 0.08, 0.17, 0.33, 0.5, 0.67, 0.83]
  /// Whether the half that was cut is fitted to what the whole one gave, as it will be in the end.
  public var reconstruction = Reconstruction.leastSquares
  /// How strongly fitted weights are held where they are.
  public var damping = 0.01

  private let batches: [LabeledBatch]
  private let device: Device

  /// A probe that looks at given examples.
  public init(on batches: [LabeledBatch], device: Device) {
    self.batches = batches
    self.device = device
  }

  /// The sensitivity of `model`, whose least important units by `scores` of heads and of neurons go
  /// first. `observe` hears how many cuts of how many were tried.
  public func measure(
    _ model: DenseClassifier, _ scores: [ImportanceScores],
    observe: (Int, Int) -> Void = { _, _ in }
  ) throws(PruningError) -> Sensitivity {
    guard !batches.isEmpty else { throw .noReconstructionData }
    for scores in scores { try scores.validate(for: model.configuration) }
    var states = batches.map { model.embedded($0.tokens, on: device) }
    let whole = batches.indices.map {
      answers(model, from: 0, states[$0], batches[$0]).map(logSoftmax)
    }
    var curves: [Sensitivity.Curve] = []
    var done = 0
    let total = model.layers.count * (2 * levels.count + 1)
    for index in model.layers.indices {
      let shape = model.configuration.layers[index]
      var fits = (
        heads: LeastSquares(inputs: shape.attentionSize, outputs: model.configuration.hiddenSize),
        neurons: LeastSquares(
          inputs: shape.intermediateSize, outputs: model.configuration.hiddenSize)
      )
      var outputs: [Tensor] = []
      for (batch, state) in zip(batches, states) {
        let (output, activations) = model.layer(index, applied: state, batch.tokens, on: device)
        outputs.append(output)
        guard reconstruction == .leastSquares else { continue }
        let layer = model.layers[index]
        fits.heads.add(
          activations.context, layer.attention.output(activations.context, on: device), on: device)
        fits.neurons.add(
          activations.neurons, layer.feedForward.down(activations.neurons, on: device), on: device)
      }
      func point(_ plan: PruningPlan, _ kept: Int) throws(PruningError) -> Sensitivity.Point {
        var cut = try model.pruned(by: plan)
        if reconstruction == .leastSquares,
          let layer = plan.layers.first(where: { $0.index == index })
        {
          refit(&cut, index, layer, shape, fits)
        }
        // Above a layer that is gone, the next one has its place.
        done += 1
        observe(done, total)
        let found = batches.indices.map { answers(cut, from: index, states[$0], batches[$0]) }
        return Sensitivity.Point(
          kept: kept, divergence: divergence(found, whole), accuracy: accuracy(found))
      }
      let everything = PruningPlan(keepingAllOf: model.configuration)
      let baseline = accuracy(whole.map { $0.map { $0.map { Float($0) } } })
      for scores in scores {
        let count = scores.values[index].count
        let order = scores.values[index].indices.sorted {
          scores.values[index][$0] < scores.values[index][$1]
        }
        var points: [Sensitivity.Point] = []
        for kept in Set(levels.map { Self.rounded($0, of: count, scores.unit) }).sorted()
        where kept < count {
          var plan = everything
          plan.remove(scores.unit, order.prefix(count - kept).map { (index, $0) })
          points.append(try point(plan, kept))
        }
        points.append(Sensitivity.Point(kept: count, divergence: 0, accuracy: baseline))
        curves.append(Sensitivity.Curve(layer: index, unit: scores.unit, points: points))
      }
      var plan = everything
      plan.remove(.layers, [(index, 0)])
      curves.append(
        Sensitivity.Curve(
          layer: index, unit: .layers,
          points: [
            try point(plan, 0), Sensitivity.Point(kept: 1, divergence: 0, accuracy: baseline),
          ]))
      states = outputs
    }
    return Sensitivity(sizes: PruningPlan.Sizes(of: model.configuration), curves: curves)
  }

  /// Neurons stay in multiples of 16, which vectors hold.
  static func rounded(_ share: Double, of count: Int, _ unit: PruningUnit) -> Int {
    let step = unit == .neurons && count >= 64 ? 16 : 1
    return min(count, Int((share * Double(count) / Double(step)).rounded()) * step)
  }

  private func refit(
    _ model: inout DenseClassifier, _ index: Int, _ kept: PruningPlan.Layer, _ shape: LayerShape,
    _ fits: (heads: LeastSquares, neurons: LeastSquares)
  ) {
    if kept.heads.count < shape.headCount {
      let fit = fits.heads.keeping(inputs: shape.contextColumns(ofHeads: kept.heads))
      model.layers[index].attention.output.fit(fit, damping: damping, on: device)
    }
    if kept.neurons.count < shape.intermediateSize {
      let fit = fits.neurons.keeping(inputs: kept.neurons)
      model.layers[index].feedForward.down.fit(fit, damping: damping, on: device)
    }
  }

  private func answers(
    _ model: DenseClassifier, from index: Int, _ state: Tensor, _ batch: LabeledBatch
  ) -> [[Float]] {
    let logits = model.logits(from: index, state, batch.tokens, on: device)
    return (0..<logits.shape[0]).map { logits.row($0) }
  }

  private func divergence(_ answers: [[[Float]]], _ whole: [[[Double]]]) -> Double {
    var (sum, count) = (0.0, 0)
    for (answers, whole) in zip(answers, whole) {
      for (answer, expected) in zip(answers, whole) {
        let found = logSoftmax(answer)
        for (p, q) in zip(expected, found) { sum += exp(p) * (p - q) }
        count += 1
      }
    }
    return count == 0 ? 0 : sum / Double(count)
  }

  private func accuracy(_ answers: [[[Float]]]) -> Double {
    Predictions(logits: answers.flatMap { $0 }, labels: batches.flatMap(\.labels)).accuracy
  }
}
