// How long a call takes.

import Foundation
public import Tensors

/// The figures of one timing; `pare bench --json` prints it. Times are in milliseconds.
public struct LatencyReport: Codable, Sendable {
  /// Of one call: the median, the 95th percentile, and the median's 95 % interval.
  public let median, p95: Double
  public let interval: Interval
  /// Timed calls.
  public let calls: Int
  /// At the median.
  public let sentencesPerSecond, tokensPerSecond: Double
  /// The most memory the process had, in bytes.
  public let peakMemory: Int
  /// What was measured.
  public let precision: String
  public let batch: Int
  public let length: Double
  public let threads: Int
  public let cpu: String
  /// Median milliseconds of each part of the model in one call, where they were timed.
  public var parts: [String: Double] = [:]

  /// What a timed call works on.
  public struct Work: Sendable {
    public var precision: String
    public var sentences, tokens: Int

    /// A call over so many sentences of so many tokens together.
    public init(precision: String, sentences: Int, tokens: Int) {
      self.precision = precision
      self.sentences = sentences
      self.tokens = tokens
    }
  }

  /// Times `call` after `warmup` calls: at least `minimumCalls` times and `seconds` long.
  public init(
    of work: Work, on device: Device, warmup: Int = 5, minimumCalls: Int = 20,
    seconds: Double = 2, _ call: () throws -> Void
  ) rethrows {
    let clock = ContinuousClock()
    for _ in 0..<warmup { try call() }
    var times: [Double] = []
    let start = clock.now
    while times.count < minimumCalls || start.duration(to: clock.now) < .seconds(seconds) {
      times.append(try clock.measure(call).milliseconds)
    }
    let sorted = times.sorted()
    median = quantile(0.5, of: sorted)
    p95 = quantile(0.95, of: sorted)
    interval = Interval(medianOf: times)
    calls = times.count
    sentencesPerSecond = Double(work.sentences) / median * 1000
    tokensPerSecond = Double(work.tokens) / median * 1000
    peakMemory = Device.peakMemory
    precision = work.precision
    batch = work.sentences
    length = Double(work.tokens) / Double(max(1, work.sentences))
    threads = device.threads
    cpu = Machine.cpu
  }
}

extension Duration {
  /// The duration in milliseconds.
  public var milliseconds: Double {
    Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15
  }
}

/// What the program runs on.
public enum Machine {
  /// The CPU's name as the system gives it, and what oneDNN uses of it.
  public static var cpu: String { "\(name); \(Device.library)" }

  private static var name: String {
    #if os(Linux)
      let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
      let line = information.split(separator: "\n").first { $0.hasPrefix("model name") }
      let value = line?.split(separator: ":", maxSplits: 1).last
      return value?.trimmingCharacters(in: .whitespaces) ?? "unknown CPU"
    #else
      var size = 0
      sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
      var bytes = [UInt8](repeating: 0, count: size)
      sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0)
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    #endif
  }
}
