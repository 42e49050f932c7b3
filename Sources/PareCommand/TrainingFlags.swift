// The flags of training, shared by every command that trains.

import ArgumentParser
import Foundation
import Pare

struct TrainingFlags: ParsableArguments {
  @Option(help: "Passes over the data.")
  var epochs: Int?

  @Option(help: "Sentences in a step.")
  var batch = 32

  @Option(help: "The longest sequence in tokens, 128 unless given; longer texts are truncated.")
  var length: Int?

  @Option(help: "The highest learning rate.")
  var learningRate: Float?

  @Option(help: "The share of steps in which the rate rises.")
  var warmup: Float = 0.1

  @Option(help: "How the rate falls after that: linear, cosine or constant.")
  var decay = LearningRateDecay.linear

  @Option(help: "Decay of matrices.")
  var weightDecay: Float = 0.01

  @Option(name: .customLong("clip"), help: "The longest a gradient may be; 0 leaves it.")
  var clipNorm: Float = 1

  @Option(help: "Dropout of hidden vectors and of attention.")
  var dropout: Float = 0.1

  @Option(help: "The share of a target that is spread over all labels.")
  var labelSmoothing: Float = 0

  @Option(help: "How products are computed: f32, or bf16, faster where the machine multiplies it.")
  var precision = ProductPrecision.f32

  @Option(help: "What a layer's learning rate is multiplied by for every layer above it.")
  var layerDecay: Float = 1

  @Flag(inversion: .prefixedNo, help: "Sentences of like length share a batch.")
  var buckets = true

  @Option(help: "Stop after so many epochs without a better model; 0 never.")
  var patience = 0

  @Option(help: "Decides initial weights, order, dropout and samples.")
  var seed: UInt64 = 0

  /// The options, seen to be possible; what was not given is as the arguments say.
  func options(epochs: Int, learningRate: Float) throws -> TrainingOptions {
    var options = TrainingOptions()
    options.epochs = self.epochs ?? epochs
    options.batchSize = batch
    options.learningRate = self.learningRate ?? learningRate
    options.warmup = warmup
    options.decay = decay
    options.weightDecay = weightDecay
    options.clipNorm = clipNorm
    options.dropout = dropout
    options.attentionDropout = dropout
    options.labelSmoothing = labelSmoothing
    options.bucketsByLength = buckets
    options.precision = precision
    options.layerDecay = layerDecay
    options.patience = patience
    options.seed = seed
    do throws(TrainingError) { try options.validate() } catch {
      guard case .invalidOption(let name, let expected, let found) = error else { throw error }
      throw InputError("--\(name): expected \(expected), found \(found)")
    }
    // Numbers of steps and places are computed from these two.
    let most = 1_000_000
    for (name, value) in [("--epochs", options.epochs), ("--batch", batch)] where value > most {
      throw InputError("\(name): expected at most \(most), found \(value)")
    }
    return options
  }
}

/// Runs a trainer with a progress bar and a metrics file.
struct TrainingSession {
  let options: TrainingOptions
  let run: RunOptions
  let device: Device
  /// Where the state and the metrics lie while the run goes on.
  let folder: URL

  /// The folder beside `model` that holds an unfinished run.
  static func folder(for model: URL) -> URL {
    model.deletingLastPathComponent().appendingPathComponent(model.lastPathComponent + ".training")
  }

  var metricsURL: URL { folder.appendingPathComponent("metrics.jsonl") }

  /// Trains; Ctrl-C saves the state first.
  ///
  /// `transform` keeps the model sparse; `steps` are those to take, all unless given.
  func train<Transform: StepTransform>(
    _ model: inout DenseClassifier, on data: TrainingData, objective: some Objective,
    transform: Transform = Untransformed(), steps: Range<Int>? = nil, resume: Bool
  ) throws {
    var transform = transform
    Interruption.note()
    let metrics = try MetricsFile(metricsURL, keepsOld: resume)
    var bar: ProgressBar?
    let clock = ContinuousClock()
    var last = clock.now
    var rate = 0.0
    func observe(_ event: TrainingEvent) {
      metrics.add(event)
      switch event {
      case .resumed(let step): run.say("going on from step \(step)")
      case .step(let step, let total, let epoch, let loss, _, _):
        let now = clock.now
        let speed = 1000 / max(1e-6, last.duration(to: now).milliseconds)
        last = now
        rate = rate == 0 ? speed : 0.95 * rate + 0.05 * speed
        if bar == nil { bar = ProgressBar(total: total) }
        bar?.show(
          step, String(format: "epoch %d  loss %.4f  %.1f steps/s", epoch + 1, loss, rate))
      case .epoch(let epoch, _, let accuracy, let loss, let isBest):
        Console.standardError.finishProgress()
        guard !data.validation.isEmpty else { return }
        let mark = isBest ? "  best so far" : ""
        run.say(
          String(
            format: "epoch %d: validation accuracy %@, loss %.4f", epoch,
            Format.percent(accuracy), loss) + mark)
      }
    }
    try Trainer(options, on: device).train(
      &model, on: data, objective: objective, transform: &transform, steps: steps, saving: folder,
      resume: resume,
      shouldStop: { Interruption.isRequested }, observe: observe)
    Console.standardError.finishProgress()
  }
}

/// `metrics.jsonl`: a line for every step and epoch.
private final class MetricsFile {
  private let url: URL
  private var handle: FileHandle?

  /// Opens the file; an old one is continued or begun anew.
  init(_ url: URL, keepsOld: Bool) throws {
    self.url = url
    let files = FileManager.default
    do {
      try files.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      if !keepsOld || !files.fileExists(atPath: url.path) { try Data().write(to: url) }
      handle = try FileHandle(forWritingTo: url)
      try handle?.seekToEnd()
    } catch {
      throw CheckpointError.unwritable(path: url.path, reason: error.localizedDescription)
    }
  }

  private struct Place: Decodable { let step: Int }

  /// Drops what a killed run noted after its state was saved: those steps will be taken again.
  private func forget(after step: Int) {
    guard let text = try? String(contentsOf: url, encoding: .utf8) else { return }
    let kept = text.split(separator: "\n").filter {
      let place = try? JSONDecoder().decode(Place.self, from: Data($0.utf8))
      return place.map { $0.step <= step } ?? false
    }
    try? handle?.close()
    try? Data(kept.map { $0 + "\n" }.joined().utf8).write(to: url)
    handle = try? FileHandle(forWritingTo: url)
    _ = try? handle?.seekToEnd()
  }

  func add(_ event: TrainingEvent) {
    let line: String
    switch event {
    case .resumed(let step):
      forget(after: step)
      return
    case .step(let step, _, let epoch, let loss, let rate, let norm):
      // A run that was killed before its first state was saved begins again.
      if step == 1 { forget(after: 0) }
      line = """
        {"step":\(step),"epoch":\(epoch),"loss":\(loss),"learningRate":\(rate),\
        "gradientNorm":\(norm)}
        """
    case .epoch(let epoch, let step, let accuracy, let loss, let isBest):
      line = """
        {"step":\(step),"epochs":\(epoch),"validationAccuracy":\(accuracy),\
        "validationLoss":\(loss.isFinite ? "\(loss)" : "null"),"isBest":\(isBest)}
        """
    }
    try? handle?.write(contentsOf: Data((line + "\n").utf8))
  }
}
