// pare bench

import ArgumentParser
import Foundation
import Pare

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Time of a call, of a training step, or from text to label; memory; parts.",
    discussion: """
      pare bench Models/reviews smaller --batch 32 --length 32
      pare bench Models/reviews --data Datasets/reviews/test.tsv --batch 32
      pare bench mine --train --data train.tsv --calls 3      a call is an epoch over the file
      pare bench --shape layers=6,hidden=384,heads=12,ffn=1536,vocabulary=30522 --train
      pare bench --sparse --shape hidden=384,ffn=1536 --threads 1
      """)

  @Argument(help: "Models' folders; a random model of --shape where there are none.")
  var models: [String] = []

  @Option(help: "The shape of a random model.")
  var shape = ModelShape()

  @Option(help: "Sentences in a call.")
  var batch = 32

  @Option(help: "Tokens in a sentence, 32 unless given; with --data, the most tokens of a text.")
  var length: Int?

  @Flag(help: "Time an optimizer step: forward, backward, AdamW; with --data, an epoch of them.")
  var train = false

  @Flag(help: "Time products of weights with zeros, by pattern and share, in a layer of --shape.")
  var sparse = false

  @Option(help: "Time texts of this file to labels, --batch at a time, in the file's order.")
  var data: String?

  @Flag(help: "One text at a time: the latency of each, over the whole file.")
  var single = false

  @Option(help: "How products are computed: f32, or with --train also bf16.")
  var precision = ProductPrecision.f32

  @Option(help: "Timed calls at least.")
  var calls = 20

  @Option(help: "Seconds of timing at least.")
  var seconds = 2.0

  @Option(help: "Tokens a thread takes through the model at a time; 0: threads share each product.")
  var group = 512

  @Option(help: "Dropout in a training step.")
  var dropout: Float = 0.1

  @OptionGroup var columns: ColumnOptions
  @OptionGroup var common: RunOptions

  func validate() throws {
    if precision != .f32 && !train {
      throw ValidationError("--precision \(precision.rawValue) goes with --train.")
    }
    if data != nil && models.isEmpty {
      throw ValidationError("--data goes with a model, which has a tokenizer.")
    }
    if sparse && (train || single || data != nil || !models.isEmpty) {
      throw ValidationError("--sparse goes with --shape, --calls and --threads alone.")
    }
    if train && single { throw ValidationError("--single does not go with --train.") }
  }

  func run() throws {
    Interruption.leaveAtOnce()
    let most = 1_000_000
    for (name, value) in [("--batch", batch), ("--length", tokenCount), ("--calls", calls)]
    where !(1...most).contains(value) {
      throw InputError("\(name): expected 1 to \(most), found \(value)")
    }
    guard (0...most).contains(group) else {
      throw InputError("--group: expected 0 to \(most), found \(group)")
    }
    guard (0...86_400).contains(seconds) else {
      throw InputError("--seconds: expected 0 to 86400, found \(seconds)")
    }
    guard (0..<1).contains(dropout) else {
      throw InputError("--dropout: expected 0 to below 1, found \(dropout)")
    }
    let device = try common.device()
    if sparse { return try timeSparseProducts(on: device) }
    let subjects: [(name: String, saved: SavedClassifier?)] =
      models.isEmpty
      ? [("random", nil)] : try models.map { ($0, try SavedClassifier(argument: $0)) }
    var table = Table([
      "model", train && data == nil ? "step, median" : "call, median", "95 % interval", "p95",
      "sentences/s",
      "tokens/s", "attention", "feed-forward", "peak memory",
    ])
    var reports: [NamedReport] = []
    for (name, saved) in subjects {
      let dense =
        try saved?.classifier
        ?? DenseClassifier(try shape.configuration(labelCount: 2), seed: 0)
      let report =
        if train {
          try timeSteps(dense, saved, device)
        } else if let saved, let data {
          try timeTexts(saved, data, device)
        } else {
          try timeCall(dense, device)
        }
      reports.append(NamedReport(model: name, report: report))
      let part = { (key: String) in report.parts[key].map(Format.milliseconds) ?? "" }
      table.add([
        name, Format.milliseconds(report.median),
        String(format: "%.2f–%.2f", report.interval.low, report.interval.high),
        Format.milliseconds(report.p95), String(format: "%.0f", report.sentencesPerSecond),
        String(format: "%.0f", report.tokensPerSecond), part("attention"), part("feedForward"),
        Format.bytes(report.peakMemory),
      ])
    }
    if reports.count == 1 {
      try common.report(reports[0])
    } else {
      for report in reports { try common.output.report(line: report) }
    }
    common.say(table.text)
    if let report = reports.first?.report {
      common.say(
        "\n\(report.precision), \(report.batch) sentences of "
          + String(format: "%.1f", report.length) + " tokens, \(report.threads) threads, "
          + report.cpu)
    }
  }

  private var tokenCount: Int { length ?? 32 }

  private var tokensPerGroup: Int { group == 0 ? .max : group }

  /// A report with the name of its model: `--json` prints one a line where there are several.
  private struct NamedReport: Encodable {
    let model: String
    let report: LatencyReport

    enum CodingKeys: CodingKey { case model }

    func encode(to encoder: any Encoder) throws {
      try report.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(model, forKey: .model)
    }
  }

  /// Full-length random sentences: nothing to win from padding.
  private func randomSequences(
    _ configuration: EncoderConfiguration, count: Int
  ) throws -> [LabeledSequence] {
    let most = configuration.maximumLength
    let length = tokenCount
    guard (2...max(2, most)).contains(length) else {
      throw InputError(
        "--length: expected 2, the special tokens, to \(most), the model's positions, "
          + "found \(length)")
    }
    var stream = RandomStream(1, 0xbe7c)
    let vocabulary = Vocabulary(size: configuration.vocabularySize)
    return try (0..<count).map { row in
      let ids = (0..<length - 2).map { _ in
        Int32(stream.next() % UInt64(configuration.vocabularySize))
      }
      let sequence = try EncodedSequence(ids, vocabulary: vocabulary, maximumLength: length)
      return LabeledSequence(sequence, label: row % configuration.labelCount)
    }
  }

  private func work(_ sentences: Int, _ tokens: Int) -> LatencyReport.Work {
    LatencyReport.Work(precision: precision.rawValue, sentences: sentences, tokens: tokens)
  }

  private func timeCall(_ model: DenseClassifier, _ device: Device) throws -> LatencyReport {
    let sequences = try randomSequences(model.configuration, count: batch).map(\.sequence)
    let packed = model.packed(on: device)
    let tokens = sequences.reduce(0) { $0 + $1.ids.count }
    var report = LatencyReport(
      of: work(batch, tokens), on: device, minimumCalls: calls, seconds: seconds
    ) { _ = packed.logits(sequences, tokensPerGroup: tokensPerGroup, on: device) }
    report.parts = partTimes(packed, TokenBatch(sequences), device)
    return report
  }

  /// Median milliseconds of each part, all layers together, in a call of its own for each reading.
  private func partTimes<P>(
    _ model: SequenceClassifier<P>, _ batch: TokenBatch, _ device: Device
  ) -> [String: Double] {
    let clock = PartClock()
    var readings: [ModelPart: [Double]] = [:]
    var options = ForwardOptions()
    options.didCompute = clock.note
    for _ in 0..<max(9, calls) {
      clock.start()
      _ = model.forward(batch, options: options, on: device)
      for (part, time) in clock.times { readings[part, default: []].append(time) }
    }
    return Dictionary(
      uniqueKeysWithValues: readings.map { ($0.key.rawValue, quantile(0.5, of: $0.value.sorted())) }
    )
  }

  /// A step on batches of random tokens in turn, or all steps of an epoch over a file.
  private func timeSteps(
    _ model: DenseClassifier, _ saved: SavedClassifier?, _ device: Device
  ) throws -> LatencyReport {
    var options = TrainingOptions()
    options.batchSize = batch
    options.dropout = dropout
    options.attentionDropout = dropout
    options.precision = precision
    let examples =
      if let saved, let data {
        try columns.read(data, labelNames: saved.labelNames).sequences(
          saved.tokenizer, maximumLength: saved.sequenceLength(length, usually: 128))
      } else {
        // Of one batch alone, every embedding would be at hand that the next step needs.
        try randomSequences(model.configuration, count: batch * max(1, min(32, 65_536 / batch)))
      }
    var timer = try StepTimer(model, examples, options: options, on: device)
    let tokens = examples.reduce(0) { $0 + $1.sequence.ids.count }
    let sentences = data == nil ? batch : examples.count
    return try LatencyReport(
      of: work(sentences, tokens * sentences / examples.count), on: device,
      warmup: data == nil ? 4 : 1,
      minimumCalls: calls, seconds: seconds
    ) { if data == nil { try timer.step() } else { try timer.epoch() } }
  }

  private func timeTexts(
    _ saved: SavedClassifier, _ path: String, _ device: Device
  ) throws -> LatencyReport {
    let examples = try Dataset(
      contentsOf: URL(fileURLWithPath: path), columns: columns.selection(requiresLabel: false),
      labelNames: saved.labelNames
    ).examples
    let classifier = TextClassifier(saved, maximumLength: length, on: device)
    let tokens = try classifier.encode(examples).reduce(0) { $0 + $1.ids.count }
    if single {
      var next = 0
      return try LatencyReport(
        of: work(1, tokens / examples.count), on: device, warmup: 50,
        minimumCalls: max(calls, examples.count), seconds: seconds
      ) {
        _ = try classifier.logits(
          [examples[next % examples.count]], tokensPerGroup: tokensPerGroup)
        next += 1
      }
    }
    return try LatencyReport(
      of: work(examples.count, tokens), on: device, warmup: 1, minimumCalls: calls,
      seconds: seconds
    ) {
      for start in stride(from: 0, to: examples.count, by: batch) {
        let part = Array(examples[start..<min(start + batch, examples.count)])
        _ = try classifier.logits(part, tokensPerGroup: tokensPerGroup)
      }
    }
  }
}

/// Notes when each part of a pass was done.
private final class PartClock: @unchecked Sendable {
  private let clock = ContinuousClock()
  private var last = ContinuousClock.now
  private(set) var times: [ModelPart: Double] = [:]

  func start() {
    times = [:]
    last = clock.now
  }

  func note(_ part: ModelPart) {
    let now = clock.now
    times[part, default: 0] += last.duration(to: now).milliseconds
    last = now
  }
}
