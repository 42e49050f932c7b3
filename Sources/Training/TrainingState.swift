// Where a training run stands: all that going on needs, in one file.

import Checkpoints
import Encoders
import Foundation
import Tensors
import Text

/// The state of a run between two steps.
struct TrainingState {
  var model: DenseClassifier
  var optimizer: AdamW
  var transform: any StepTransform
  var epoch = 0
  var step = 0
  var stepInEpoch = 0
  var isFinished = false
  private var best: DenseClassifier?
  private var bestAccuracy = -1.0
  private var bestLoss = Double.infinity
  private var epochsSinceBest = 0
  private let firstStep: Int
  private let run: Run

  /// What must be equal for a state to be of the same run.
  private struct Run: Codable, Equatable {
    var options: TrainingOptions
    var configuration: EncoderConfiguration
    var exampleCount: Int
    var examples: String  // the fingerprint of their tokens and labels
    var transform: String?  // its identity and the fingerprint of its first state
    var steps: [Int]?  // the first and the end, where they are not the whole run
  }

  /// The counters, as the file's metadata holds them.
  private struct Progress: Codable {
    var run: Run
    var epoch, step, stepInEpoch, epochsSinceBest: Int
    var isFinished: Bool
    var bestAccuracy: Double
    var bestLoss: Double?
  }

  /// The state before the first step; with `steps`, before the first of these.
  init(
    model: consuming DenseClassifier, options: TrainingOptions, examples: [LabeledSequence],
    transform: any StepTransform = Untransformed(), steps: Range<Int>? = nil
  ) {
    var fingerprint = Fingerprint()
    for example in examples {
      let numbers =
        [Int32(clamping: example.sequence.ids.count), Int32(clamping: example.label)]
        + example.sequence.ids + example.sequence.typeIDs
      for number in numbers {
        fingerprint.combine((0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
      }
    }
    run = Run(
      options: options, configuration: model.configuration, exampleCount: examples.count,
      examples: fingerprint.text, transform: Self.identity(of: transform),
      steps: steps.map { [$0.lowerBound, $0.upperBound] })
    self.model = model
    self.transform = transform
    optimizer = AdamW(for: self.model, options: options)
    firstStep = steps?.lowerBound ?? 0
    step = firstStep
    let stepsPerEpoch = Batching(options).stepCount(examples.count)
    (epoch, stepInEpoch) = step.quotientAndRemainder(dividingBy: max(1, stepsPerEpoch))
  }

  private static func identity(of transform: any StepTransform) -> String? {
    if transform is Untransformed { return nil }
    var fingerprint = Fingerprint()
    for (_, tensor) in transform.state.sorted(by: { $0.key < $1.key }) {
      fingerprint.combine(tensor.serialized(as: .f32))
    }
    return "\(transform.identity), \(fingerprint.text)"
  }

  /// The transform as it is now.
  func copyTransform<Transform: StepTransform>(to other: inout Transform) {
    if let transform = transform as? Transform { other = transform }
  }

  /// Brings every parameter up to date.
  mutating func settle(on device: Device) {
    optimizer.catchUp(&model, rows: nil, on: device)
  }

  /// Judges the model after an epoch and begins the next. What the transform has not settled yet is
  /// no candidate for the best.
  mutating func endEpoch(
    validation: [LabeledSequence], patience: Int, of total: Int, on device: Device
  ) -> TrainingEvent {
    let predictions = Predictions(of: model, on: validation, device: device)
    let (accuracy, loss) = (predictions.accuracy, predictions.loss)
    let isCandidate = transform.isSettled(after: step, of: total)
    let isBest =
      isCandidate && (validation.isEmpty || (accuracy, -loss) > (bestAccuracy, -bestLoss))
    if isBest {
      (bestAccuracy, bestLoss, epochsSinceBest) = (accuracy, loss, 0)
      best = model
    } else if isCandidate {
      epochsSinceBest += 1
    }
    epoch += 1
    stepInEpoch = 0
    isFinished = patience > 0 && epochsSinceBest >= patience
    return .epoch(epoch, step: step, accuracy: accuracy, loss: loss, isBest: isBest)
  }

  mutating func keepBest() {
    if let best { model = best }
  }

  private static func file(in folder: URL) -> URL {
    folder.appendingPathComponent("state.safetensors")
  }

  func save(to folder: URL) throws {
    let progress = Progress(
      run: run, epoch: epoch, step: step, stepInEpoch: stepInEpoch,
      epochsSinceBest: epochsSinceBest, isFinished: isFinished, bestAccuracy: bestAccuracy,
      bestLoss: bestLoss.isFinite ? bestLoss : nil)
    let text = String(decoding: try StrictJSON.encode(progress), as: UTF8.self)
    var tensors: [(name: String, tensor: Tensor)] = []
    for (index, parameter) in model.parameters.enumerated() {
      tensors.append(("model." + parameter.name, parameter.tensor))
      tensors.append(("first." + parameter.name, optimizer.firstMoments[index]))
      tensors.append(("second." + parameter.name, optimizer.secondMoments[index]))
    }
    if let best { tensors += best.parameters.map { ("best." + $0.name, $0.tensor) } }
    for (name, tensor) in transform.state.sorted(by: { $0.key < $1.key }) {
      tensors.append(("transform." + name, tensor))
    }
    try SafetensorsFile.write(
      tensors, metadata: ["progress": text], to: Self.file(in: folder))
  }

  /// Takes the state in `folder` and says whether there was one; throws `otherRun` for that of
  /// another run.
  mutating func load(from folder: URL) throws -> Bool {
    let url = Self.file(in: folder)
    guard FileManager.default.fileExists(atPath: url.path) else { return false }
    let file = try SafetensorsFile(contentsOf: url)
    let progress = try StrictJSON.decode(
      Progress.self, from: Data((file.metadata["progress"] ?? "").utf8), path: url.path)
    try check(progress.run, url.path)
    func take(_ name: String, like tensor: Tensor) throws(CheckpointError) -> Tensor {
      let found = try file.tensor(name)
      guard found.shape == tensor.shape else {
        throw .wrongShape(path: file.path, name: name, expected: tensor.shape, found: found.shape)
      }
      return found
    }
    var index = 0
    var moments = (optimizer.firstMoments, optimizer.secondMoments)
    try model.forEachParameter(at: "") { (name, tensor) throws(CheckpointError) in
      tensor = try take("model." + name, like: tensor)
      moments.0[index] = try take("first." + name, like: tensor)
      moments.1[index] = try take("second." + name, like: tensor)
      index += 1
    }
    (optimizer.firstMoments, optimizer.secondMoments) = moments
    optimizer.stepCount = progress.step - firstStep
    transform.state = try Dictionary(
      uniqueKeysWithValues: transform.state.map { (name, tensor) throws in
        (name, try take("transform." + name, like: tensor))
      })
    if file.names.contains(where: { $0.hasPrefix("best.") }) {
      var kept = model
      try kept.forEachParameter(at: "") { (name, tensor) throws(CheckpointError) in
        tensor = try take("best." + name, like: tensor)
      }
      best = kept
    }
    (epoch, step, stepInEpoch) = (progress.epoch, progress.step, progress.stepInEpoch)
    (epochsSinceBest, isFinished) = (progress.epochsSinceBest, progress.isFinished)
    (bestAccuracy, bestLoss) = (progress.bestAccuracy, progress.bestLoss ?? .infinity)
    return true
  }

  private func check(_ saved: Run, _ path: String) throws(TrainingError) {
    let difference: String
    if saved.exampleCount != run.exampleCount {
      difference = "it saw \(saved.exampleCount) examples, here are \(run.exampleCount)"
    } else if saved.examples != run.examples {
      difference = "it saw other examples"
    } else if saved.configuration != run.configuration {
      difference = "its model has other sizes"
    } else if saved.options != run.options {
      difference = "its options were others"
    } else if saved.transform != run.transform {
      difference = "its steps were transformed in another way, or from another start"
    } else if saved.steps != run.steps {
      difference = "it took other steps"
    } else {
      return
    }
    throw .otherRun(path: path, difference: difference)
  }
}
