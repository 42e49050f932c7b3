// What a criterion for single weights is, and the one pass over data that serves it.

public import Encoders
public import Tensors
import Text
import Training

/// A way to tell how much each weight matters. What it says does not depend on batch size or data
/// order.
public protocol WeightImportance: Sendable {
  /// What it wants to see of the data.
  var observes: WeightObservation { get }
  /// Takes note of a batch.
  mutating func observe(_ step: WeightCalibrationStep)
  /// A score for each weight of a matrix, from what was observed; `nil` where that was nothing.
  func scores(of place: MatrixPlace, _ weight: Tensor, on device: Device) -> Tensor?
}

/// What a criterion wants to see of calibration data.
public enum WeightObservation: Sendable {
  /// Nothing.
  case nothing
  /// What goes into each matrix.
  case inputs
  /// The gradient of a batch's loss.
  case gradients
  /// The gradient of each example's loss: one backward pass an example.
  case exampleGradients
}

/// A batch, or a single example, as it went through the model.
public struct WeightCalibrationStep: Sendable {
  /// The matrices that are looked at.
  public let places: [MatrixPlace]
  /// Sequences that it stands for.
  public let exampleCount: Int
  /// What goes into each matrix, [rows, inputs]; empty where it was not asked for.
  public let inputs: [MatrixPlace: Tensor]
  /// The gradient of the sum of the examples' losses; `nil` where it was not asked for.
  public let gradients: DenseClassifier?
  /// Where it runs.
  public let device: Device
}

extension WeightImportance {
  /// Shows it the batches; `heard` hears how many are done.
  mutating func observe(
    _ batches: [LabeledBatch], through model: DenseClassifier, includingPooler: Bool,
    on device: Device, heard: (Int) -> Void
  ) {
    guard observes != .nothing else { return }
    let places = MatrixPlace.all(
      layerCount: model.layers.count, includingPooler: includingPooler)
    var gradients = model.zeros()
    for (index, batch) in batches.enumerated() {
      for part in observes == .exampleGradients ? batch.singles : [batch] {
        let trace = model.forward(
          part.tokens, options: ForwardOptions(isRecording: true), on: device)
        var seen: DenseClassifier?
        if observes != .inputs {
          var (_, dLogits) = CrossEntropy()(trace.logits, part)
          dLogits.scale(by: Float(part.labels.count))  // the loss is a mean
          gradients.clear(places)
          model.backward(TraceGradient(logits: dLogits), trace, into: &gradients, on: device)
          seen = gradients
        }
        let inputs = observes == .inputs ? trace.inputs(of: places, in: model) : [:]
        observe(
          WeightCalibrationStep(
            places: places, exampleCount: part.labels.count, inputs: inputs, gradients: seen,
            device: device))
      }
      heard(index + 1)
    }
  }
}

extension LabeledBatch {
  /// Its examples, each as a batch.
  fileprivate var singles: [LabeledBatch] {
    var start = 0
    return zip(tokens.lengths, labels).map { length, label in
      var single = self
      let range = start..<start + length
      single.tokens.ids = Array(tokens.ids[range])
      single.tokens.typeIDs = Array(tokens.typeIDs[range])
      single.tokens.lengths = [length]
      single.labels = [label]
      start += length
      return single
    }
  }
}

extension SequenceClassifier where P == Linear {
  /// Sets some matrices to zero; what gradients of all else add up to is not looked at.
  fileprivate mutating func clear(_ places: [MatrixPlace]) {
    let names = Set(places.map(\.name))
    forEachParameter(at: "") { name, tensor in if names.contains(name) { tensor.fill(0) } }
  }
}

extension SequenceClassifier.Trace {
  /// What went into each matrix of a recorded pass.
  fileprivate func inputs(
    of places: [MatrixPlace], in model: DenseClassifier
  ) -> [MatrixPlace: Tensor] {
    let layers = model.layers.indices.map(activations)
    var inputs: [MatrixPlace: Tensor] = [:]
    for place in places {
      inputs[place] =
        place.role == .pooler
        ? hiddenState(model.layers.count) : layers[place.layer].input(of: place.role)
    }
    return inputs
  }
}

extension LayerActivations {
  /// What went into one of the layer's matrices.
  func input(of role: MatrixPlace.Role) -> Tensor? {
    switch role {
    case .queryKeyValue: input
    case .attentionOutput: context
    case .up: attended
    case .down: neurons
    case .pooler: nil
    }
  }
}
