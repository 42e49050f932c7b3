// Importance to second order, with redundancy.

import Encoders
import Tensors
import Training

/// What the loss rises by when a head or neuron is cut and the others' outgoing weights make up for
/// it as well as they can: the optimal brain surgeon (Hassibi & Stork, 1992) for whole columns of
/// an output projection, with the layer-wise Hessian as a Kronecker product of the covariance A of
/// the projection's input and of the covariance G of the loss's gradient by its output (Martens &
/// Grosse, 2015, arXiv:1503.05671).
///
/// Of the columns W_S of a unit the rise is tr(W_Sᵀ G W_S ([A⁻¹]_SS)⁻¹) / 2. Units go a few at a
/// time, least first, and A⁻¹ and W follow each time, as in ZipLM (Kurtic et al., 2023,
/// arXiv:2302.04089): of two that do the same, one stays. Scores grow in the order in which units
/// went.
struct SecondOrder: ImportanceCriterion {
  /// A share of A's mean diagonal that is added to it.
  private let damping = 0.01
  /// The sums of one half of a layer.
  private struct Half: Sendable {
    var inputs: LeastSquares
    var gradients: LeastSquares
  }

  private var heads: [Half] = []
  private var neurons: [Half] = []
  private var exampleCount = 0
  private var device: Device?

  var criterion: Criterion { .secondOrder }
  var observes: Observations { [.activations, .gateGradients] }

  mutating func observe(_ step: CalibrationStep) {
    guard let gradients = step.gateGradients else { return }
    let configuration = step.model.configuration
    if heads.isEmpty {
      func half(_ inputs: Int) -> Half {
        Half(
          inputs: LeastSquares(inputs: inputs, outputs: 0),
          gradients: LeastSquares(inputs: configuration.hiddenSize, outputs: 0))
      }
      heads = configuration.layers.map { half($0.attentionSize) }
      neurons = configuration.layers.map { half($0.intermediateSize) }
      device = step.device
    }
    for (index, activations) in step.activations.enumerated() {
      let layer = gradients.layers[index]
      add(&heads[index], activations.context, layer.attentionOutput, step.device)
      add(&neurons[index], activations.neurons, layer.feedForwardOutput, step.device)
    }
    exampleCount += step.batch.labels.count
  }

  private func add(_ half: inout Half, _ x: Tensor, _ dY: Tensor, _ device: Device) {
    half.inputs.add(x, Tensor(zeros: x.shape[0], 0), on: device)
    half.gradients.add(dY, Tensor(zeros: dY.shape[0], 0), on: device)
  }

  func values(of model: DenseClassifier, per unit: PruningUnit) throws(PruningError) -> [[Float]] {
    guard exampleCount > 0, let device else { throw .noCalibrationData(criterion: criterion) }
    let halves = unit == .heads ? heads : neurons
    return zip(model.layers, model.configuration.layers).enumerated().map { index, layer in
      let (weight, size) =
        unit == .heads
        ? (layer.0.attention.output.weight, layer.1.headSize) : (layer.0.feedForward.down.weight, 1)
      guard weight.shape[1] > 0,
        let elimination = Elimination(
          weight, unitSize: size,
          inverse: halves[index].inputs.inverse(damping: damping, on: device),
          gradients: halves[index].gradients.gram, examples: exampleCount, on: device)
      else { return Array(repeating: 0, count: weight.shape[1] / max(1, size)) }
      return elimination.scores()
    }
  }
}

/// Takes units out of a projection one after the other, the least important first.
private struct Elimination {
  /// One below the other: A⁻¹ [inputs, inputs], the weight W [outputs, inputs], and G · W.
  private var rows: Tensor
  /// The units that are left.
  private var left: [Int]
  private let unitCount, unitSize, outputs: Int
  private let device: Device

  init?(
    _ weight: Tensor, unitSize: Int, inverse: Tensor?, gradients: Tensor, examples: Int,
    on device: Device
  ) {
    guard let inverse else { return nil }
    (self.unitSize, outputs, self.device) = (unitSize, weight.shape[0], device)
    unitCount = weight.shape[1] / unitSize
    left = Array(0..<unitCount)
    // G · W: with rows of Wᵀ, and G symmetric.
    var weighted = device.linear(
      gradients, weight: weight.transposed, bias: Tensor(zeros: weight.shape[1]))
    weighted.scale(by: 1 / Float(examples))
    rows = Tensor.concatenation([inverse, weight, weighted])
  }

  /// The rise at which each unit went.
  func scores() -> [Float] {
    var state = self
    var scores = Array(repeating: Float(0), count: unitCount)
    var highest: Float = 0
    while !state.left.isEmpty {
      let rises = state.rises()
      // Heads go one by one; of neurons a sixteenth of what is left.
      let count = unitSize > 1 ? 1 : max(1, state.left.count / 16)
      let places = rises.indices.sorted { rises[$0] < rises[$1] }.prefix(count)
      for place in places {
        highest = max(highest, rises[place])
        scores[state.left[place]] = highest
      }
      guard state.remove(places.sorted()) else { break }
    }
    return scores
  }

  /// What the loss rises by if one unit goes next.
  private func rises() -> [Float] {
    let width = rows.shape[1]
    if unitSize == 1 {
      var rises = Array(repeating: Float(0), count: width)
      for row in 0..<outputs {
        for (place, pair) in zip(rows.row(width + row), rows.row(width + outputs + row))
          .enumerated()
        {
          rises[place] += pair.0 * pair.1
        }
      }
      return rises.indices.map { rises[$0] / rows[$0 * width + $0] / 2 }
    }
    return left.indices.map { place in
      let columns = Array(place * unitSize..<(place + 1) * unitSize)
      let own = rows.columns(at: columns)
      let block = own.rows(at: columns).elements.map(Double.init)
      let weights = own.rows(at: Array(width..<width + outputs))
      let weighted = own.rows(at: Array(width + outputs..<width + 2 * outputs))
      guard let solved = device.solve(block, weights) else { return 0 }
      return zip(solved.elements, weighted.elements).reduce(0) { $0 + $1.0 * $1.1 } / 2
    }
  }

  /// Takes units out, whose work the others take over; `false` where that cannot be computed.
  private mutating func remove(_ places: [Int]) -> Bool {
    let width = rows.shape[1]
    let gone = places.flatMap { $0 * unitSize..<($0 + 1) * unitSize }
    let columns = rows.columns(at: gone)  // [rows, gone]
    let block = columns.rows(at: gone).elements.map(Double.init)
    guard let factors = device.solve(block, columns.rows(at: Array(0..<width))) else {
      return false
    }
    let isGone = Set(gone)
    let kept = (0..<width).filter { !isGone.contains($0) }
    var taken = device.linear(
      columns, weight: factors.rows(at: kept), bias: Tensor(zeros: kept.count))
    taken.scale(by: -1)
    device.add(rows.columns(at: kept), to: &taken)
    rows = taken.rows(at: kept + Array(width..<taken.shape[0]))
    let places = Set(places)
    left = left.indices.filter { !places.contains($0) }.map { left[$0] }
    return true
  }
}
