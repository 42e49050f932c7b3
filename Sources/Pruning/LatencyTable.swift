// How long each half of a layer takes on this machine.

public import Encoders
public import Tensors
import Text

/// Measured milliseconds of the halves of layers of several sizes, for one way of calling a model.
public struct LatencyTable: CostModel, Codable, Equatable {
  /// What a table was measured for, and on.
  public struct Conditions: Codable, Equatable, Sendable {
    /// Sentences in a call, and tokens in each.
    public var batch, length: Int
    /// The width of the model, the width and number of its heads, and its neurons.
    public var hiddenSize, headSize, headCount, intermediateSize: Int
    /// The machine.
    public var threads: Int
    public var cpu, library: String
  }

  /// Milliseconds by the number of units, ascending in both.
  private struct Times: Codable, Equatable {
    var counts: [Int] = []
    var milliseconds: [Double] = []

    func time(_ count: Int) -> Double {
      guard let upper = counts.firstIndex(where: { $0 >= count }) else {
        // Sizes beyond the table grow as its end does.
        guard let most = counts.last, let last = milliseconds.last, most > 0 else { return 0 }
        return last * Double(count) / Double(most)
      }
      guard counts[upper] > count, upper > 0 else { return milliseconds[upper] }
      let share = Double(count - counts[upper - 1]) / Double(counts[upper] - counts[upper - 1])
      return milliseconds[upper - 1] + share * (milliseconds[upper] - milliseconds[upper - 1])
    }
  }

  /// What it was measured for.
  public let conditions: Conditions
  private var attention = Times()
  private var feedForward = Times()
  private var lastAttention = Times()
  private var lastFeedForward = Times()
  private var rest = 0.0

  public var kind: CostKind { .latency }
  public var fixedCost: Double { rest }

  public func cost(of unit: PruningUnit, count: Int, shape: LayerShape, isLast: Bool) -> Double {
    switch unit {
    case .heads: (isLast ? lastAttention : attention).time(count)
    case .neurons: (isLast ? lastFeedForward : feedForward).time(count)
    default: 0
    }
  }

  /// Pieces of the models that are timed: a vocabulary that stays in the cache.
  private static let pieces = 100

  /// Measures calls of `batch` sentences of `length` tokens, with layers of up to the widest of
  /// `configuration`.
  ///
  /// As in a call, the sentences go through the model in groups of `tokensPerGroup`, one a thread,
  /// or all threads share a single group. Readings of all sizes take turns, and each time is a
  /// median.
  public init(
    of configuration: EncoderConfiguration, batch: Int, length: Int, cpu: String, on device: Device,
    tokensPerGroup: Int = 512, readings: Int = 15, observe: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let widest = LayerShape(
      headCount: configuration.layers.map(\.headCount).max() ?? 0,
      headSize: configuration.layers.first?.headSize ?? 1,
      intermediateSize: configuration.layers.map(\.intermediateSize).max() ?? 0)
    conditions = Conditions(
      batch: batch, length: length, hiddenSize: configuration.hiddenSize,
      headSize: widest.headSize, headCount: widest.headCount,
      intermediateSize: widest.intermediateSize, threads: device.threads, cpu: cpu,
      library: Device.library)
    let isShared = batch * length <= tokensPerGroup
    let groups = isShared ? 1 : (batch * length + tokensPerGroup - 1) / tokensPerGroup
    let turns = isShared ? 1 : (groups + device.threads - 1) / device.threads
    let sentences = isShared ? batch : max(1, batch / (turns * device.threads))
    let device = isShared ? device : Device(threads: 1)
    let sentence = try EncodedSequence(
      Array(repeating: 5, count: length - 2), vocabulary: Vocabulary(size: Self.pieces),
      maximumLength: length)
    let tokens = TokenBatch(Array(repeating: sentence, count: sentences))

    let shares = stride(from: 0.0, through: 1, by: 1.0 / 12)
    let shapes = shares.map { share in
      LayerShape(
        headCount: Int((share * Double(widest.headCount)).rounded()), headSize: widest.headSize,
        intermediateSize: SensitivityProbe.rounded(share, of: widest.intermediateSize, .neurons))
    }
    let models = shapes.map { shape in
      var small = configuration
      small.vocabularySize = Self.pieces
      small.layers = [shape, shape]
      return DenseClassifier(small, seed: 0).packed(on: device)
    }
    var times = shapes.map { _ in Array(repeating: [Double](), count: 6) }
    for reading in 0..<readings + 2 {
      for (index, model) in models.enumerated() {
        let clock = LapClock()
        var options = ForwardOptions()
        options.didCompute = { _ in clock.lap() }
        clock.start()
        _ = model.forward(tokens, options: options, on: device)
        guard reading >= 2 else { continue }  // the first ones make primitives
        for (part, time) in clock.laps.enumerated() {
          times[index][part].append(time * Double(turns))
        }
      }
      observe(reading + 1, readings + 2)
    }
    func table(_ part: Int, _ count: (LayerShape) -> Int) -> Times {
      var table = Times()
      for (shape, times) in zip(shapes, times) where table.counts.last != count(shape) {
        let time = times[part].sorted()[times[part].count / 2]
        table.counts.append(count(shape))
        // More units never take less time; where a reading says so, it is noise.
        table.milliseconds.append(max(time, table.milliseconds.last ?? 0))
      }
      return table
    }
    attention = table(1, \.headCount)
    feedForward = table(2, \.intermediateSize)
    lastAttention = table(3, \.headCount)
    lastFeedForward = table(4, \.intermediateSize)
    let ends = times.map { $0[0] }.joined().sorted()
    let heads = times.map { $0[5] }.joined().sorted()
    rest = ends[ends.count / 2] + heads[heads.count / 2]
  }
}

/// Milliseconds between one part of a pass and the next.
private final class LapClock: @unchecked Sendable {
  private let clock = ContinuousClock()
  private var last = ContinuousClock.now
  private(set) var laps: [Double] = []

  func start() {
    laps = []
    last = clock.now
  }

  func lap() {
    let now = clock.now
    laps.append(last.duration(to: now) / .milliseconds(1))
    last = now
  }
}
