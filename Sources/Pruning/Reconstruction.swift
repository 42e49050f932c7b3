// What is left of a model learns to do the work of what was cut, without training.

public import Encoders
public import Tensors
import Text
public import Training

/// How the matrices behind cut units are set anew from calibration data.
public enum Reconstruction: String, Codable, CaseIterable, Sendable {
  /// They stay as they are.
  case none
  /// A factor for each head and neuron, by least squares (Kwon et al., 2022, arXiv:2204.09656,
  /// section 4.3).
  case rescale
  /// What is cut is folded into what stays and is most like it: a neuron with a factor, a head with
  /// a matrix, both by least squares from the one to the other.
  case merge
  /// By least squares: heads' and neurons' outputs are weighted so that each half of a layer gives
  /// what it gave before (layer-wise reconstruction, as Kwon et al., 2022, arXiv:2204.09656,
  /// section 4.3, tune a mask; here whole matrices and biases, as Frantar & Alistarh, 2023,
  /// arXiv:2301.00774, do for single weights).
  case leastSquares = "least-squares"
}

/// Fits a cut model's output projections, layer by layer from below, to what the whole model
/// computes.
///
/// In each half of a layer the cut model's own input, which is off already, passes by on the
/// residual; the projection is fitted to what is missing for the whole model's sum. So later layers
/// repair what earlier ones could not.
public struct Reconstructor: Sendable {
  /// How strongly weights are held where they are: a share of the mean variance of a projection's
  /// input.
  public var damping = 0.01

  private let method: Reconstruction
  /// Batches that stand for the data; their labels are not looked at.
  private let batches: [LabeledBatch]
  private let device: Device

  /// A reconstructor on given data.
  public init(
    _ method: Reconstruction = .leastSquares, on batches: [LabeledBatch], device: Device
  ) {
    self.method = method
    self.batches = batches
    self.device = device
  }

  /// Sets the output projections of `pruned`, which `plan` made of `whole`. `observe` hears of each
  /// layer.
  public func fit(
    _ pruned: inout DenseClassifier, to whole: DenseClassifier, cutBy plan: PruningPlan,
    observe: (Int) -> Void = { _ in }
  ) throws(PruningError) {
    guard method != .none else { return }
    guard !batches.isEmpty else { throw .noReconstructionData }
    var targets = batches.map { whole.embedded($0.tokens, on: device) }
    var states = batches.map { pruned.embedded($0.tokens, on: device) }
    var place = 0
    for index in whole.layers.indices {
      let kept = plan.layers.first { $0.index == index }
      var sums: [Half: [Tensor]] = [:]
      var inputs = Half.allCases.map {
        LeastSquares(inputs: whole.layers[index][keyPath: $0.projection].inputSize, outputs: 0)
      }
      for batch in batches.indices {
        let (output, activations) = whole.layer(
          index, applied: targets[batch], batches[batch].tokens, on: device)
        targets[batch] = output
        guard kept != nil else { continue }
        for (number, half) in Half.allCases.enumerated() {
          if method == .merge {
            let x = activations[keyPath: half.input]
            inputs[number].add(x, Tensor(zeros: x.shape[0], 0), on: device)
          } else {
            let isLast = place == pruned.layers.count - 1
            sums[half, default: []].append(
              whole.sum(
                half, index, activations, batches[batch], plan.channels, onlyFirst: isLast,
                on: device))
          }
        }
      }
      if let kept {
        for (number, half) in Half.allCases.enumerated() {
          if method == .merge {
            merge(&pruned, place, half, whole, kept, inputs[number], plan.channels)
          } else {
            fit(&pruned, place, half, sums[half, default: []], states)
          }
        }
        for batch in batches.indices where method != .merge {
          states[batch] =
            pruned.layer(place, applied: states[batch], batches[batch].tokens, on: device).output
        }
        place += 1
      }
      observe(index + 1)
    }
  }

  private func fit(
    _ model: inout DenseClassifier, _ index: Int, _ half: Half, _ targets: [Tensor],
    _ states: [Tensor]
  ) {
    let old = model.layers[index][keyPath: half.projection]
    guard old.inputSize > 0 else { return }
    var sums = LeastSquares(inputs: old.inputSize, outputs: old.outputSize)
    for (batch, state) in zip(batches.indices, states) {
      let (_, activations) = model.layer(
        index, applied: state, batches[batch].tokens, on: device)
      let passing = model.passing(half, index, activations, batches[batch], on: device)
      sums.add(
        activations[keyPath: half.input], targets[batch].minus(passing, on: device), on: device)
    }
    if method == .rescale {
      let unitSize = half == .attention ? model.configuration.layers[index].headSize : 1
      model.layers[index][keyPath: half.projection].rescale(
        sums, unitSize: unitSize, damping: damping, on: device)
    } else {
      model.layers[index][keyPath: half.projection].fit(sums, damping: damping, on: device)
    }
  }

  private func merge(
    _ pruned: inout DenseClassifier, _ place: Int, _ half: Half, _ whole: DenseClassifier,
    _ kept: PruningPlan.Layer, _ sums: LeastSquares, _ channels: [Int]
  ) {
    let units = half == .attention ? kept.heads : kept.neurons
    let unitSize = half == .attention ? whole.configuration.layers[kept.index].headSize : 1
    var merged = whole.layers[kept.index][keyPath: half.projection]
    merged.merge(into: units, unitSize: unitSize, sums, damping: damping, on: device)
    pruned.layers[place][keyPath: half.projection] = merged.keeping(outputs: channels)
  }
}

/// One half of a layer, as reconstruction sees it.
private enum Half: CaseIterable {
  case attention, feedForward

  var projection: WritableKeyPath<EncoderLayer<Linear>, Linear> & Sendable {
    switch self {
    case .attention: \.attention.output
    case .feedForward: \.feedForward.down
    }
  }

  /// What goes into the projection.
  var input: KeyPath<LayerActivations, Tensor> & Sendable {
    switch self {
    case .attention: \.context
    case .feedForward: \.neurons
    }
  }
}

extension Tensor {
  fileprivate func minus(_ other: Tensor, on device: Device) -> Tensor {
    var difference = other
    difference.scale(by: -1)
    device.add(self, to: &difference)
    return difference
  }
}

extension SequenceClassifier where P == Linear {
  /// What goes past a half of a layer on the residual.
  fileprivate func passing(
    _ half: Half, _ index: Int, _ activations: LayerActivations, _ batch: LabeledBatch,
    on device: Device
  ) -> Tensor {
    guard half == .attention else { return activations.attended }
    guard index == layers.count - 1 else { return activations.input }
    return device.firstTokens(activations.input, of: batch)
  }

  /// What the normalization of a half gets, of the channels that stay; of the first tokens alone
  /// where a cut model's last layer is to give it.
  fileprivate func sum(
    _ half: Half, _ index: Int, _ activations: LayerActivations, _ batch: LabeledBatch,
    _ channels: [Int], onlyFirst: Bool, on device: Device
  ) -> Tensor {
    var sum = layers[index][keyPath: half.projection](activations[keyPath: half.input], on: device)
    device.add(passing(half, index, activations, batch, on: device), to: &sum)
    if onlyFirst && index != layers.count - 1 { sum = device.firstTokens(sum, of: batch) }
    return channels.count < configuration.hiddenSize ? sum.columns(at: channels) : sum
  }
}

extension Device {
  fileprivate func firstTokens(_ x: Tensor, of batch: LabeledBatch) -> Tensor {
    gatherRows(x, at: SequenceOffsets(lengths: batch.tokens.lengths).firstTokens)
  }
}
