// Budgets in the user's own units, as flags.

import ArgumentParser
import Foundation
import Pare

/// How small or fast the model is to be; Pare chooses what goes.
struct BudgetFlags: ParsableArguments {
  @Option(help: "Parameters of the layers that stay: a share such as 0.4x, or a number.")
  var parameters: String?

  @Option(help: "Multiply-adds of a sentence that stay: 0.5x or a number.")
  var flops: String?

  @Option(help: "The weights' file: 0.5x, or 4MB, 900kB.")
  var size: String?

  @Option(help: "Time of a call: 0.5x, or 3ms; from times measured on this machine and kept.")
  var latency: String?

  @Option(
    help:
      "Points of accuracy on --validation that may be lost; the smallest model within it is kept.")
  var maxDrop: Double?

  @Option(help: "A family: several shares of the layers' parameters, such as 0.8,0.6,0.4.")
  var sizes: String?

  @Option(help: "Sentences in a call, for --latency.")
  var latencyBatch = 32

  @Option(help: "Tokens in a sentence, for --latency and --flops.")
  var latencyLength = 32

  @Option(help: "Examples that sensitivity is measured on.")
  var sensitivityExamples = 256

  @Option(help: "A sensitivity written by pare sensitivity, instead of measuring it here.")
  var sensitivity: String?

  /// A budget as it was asked for.
  enum Goal {
    /// At most so much of a kind of cost; the name tells the members of a family apart.
    case cost(CostKind, Amount, name: String?)
    /// As little as possible, for a share of accuracy.
    case drop(Double)
  }

  /// A share of what there is, or a number.
  enum Amount {
    case share(Double)
    case number(Double)

    /// Reads `0.4x`, `4MB`, `3ms` or `120000`.
    init?(_ text: String, units: [String: Double]) {
      if text.hasSuffix("x") {
        guard let share = Double(text.dropLast()), (0...1).contains(share) else { return nil }
        self = .share(share)
        return
      }
      let unit = units.keys.sorted { $0.count > $1.count }.first(where: text.hasSuffix) ?? ""
      guard let number = Double(text.dropLast(unit.count)), number >= 0, number.isFinite
      else { return nil }
      self = .number(number * (units[unit] ?? 1))
    }

    func of(_ whole: Double) -> Double {
      switch self {
      case .share(let share): share * whole
      case .number(let number): number
      }
    }
  }

  private var given: [(flag: String, text: String, kind: CostKind, units: [String: Double])] {
    [
      ("--parameters", parameters, CostKind.parameters, ["k": 1e3, "M": 1e6]),
      ("--flops", flops, .multiplyAdds, ["k": 1e3, "M": 1e6, "G": 1e9]),
      ("--size", size, .bytes, ["kB": 1e3, "MB": 1e6]),
      ("--latency", latency, .latency, ["ms": 1]),
    ].compactMap { flag, text, kind, units in text.map { (flag, $0, kind, units) } }
  }

  var isEmpty: Bool { given.isEmpty && maxDrop == nil && sizes == nil }

  func validate() throws {
    guard given.count + (maxDrop == nil ? 0 : 1) + (sizes == nil ? 0 : 1) <= 1 else {
      throw ValidationError(
        "Give one budget: --parameters, --flops, --size, --latency, --max-drop or --sizes.")
    }
  }

  /// What was asked for; several goals make a family.
  func goals() throws -> [Goal] {
    if let maxDrop {
      guard (0...100).contains(maxDrop) else {
        throw InputError("--max-drop: expected 0 to 100 points, found \(maxDrop)")
      }
      return [.drop(maxDrop / 100)]
    }
    if let sizes {
      return try sizes.split(separator: ",").map { text in
        guard let share = Double(text), (0...1).contains(share) else {
          throw InputError("--sizes: expected shares from 0 to 1 such as 0.8,0.6, found \(text)")
        }
        return .cost(.parameters, .share(share), name: String(text))
      }
    }
    return try given.map { flag, text, kind, units in
      guard let amount = Amount(text, units: units) else {
        let examples = (["0.5x"] + units.keys.sorted().map { "12" + $0 }).joined(separator: ", ")
        throw InputError(
          "\(flag): expected a share or an amount such as \(examples), found \(text)")
      }
      return .cost(kind, amount, name: nil)
    }
  }

  /// What a kind of cost is counted with.
  func model(
    _ kind: CostKind, _ configuration: EncoderConfiguration, store: ElementType, _ device: Device
  ) throws -> any CostModel {
    let most = configuration.maximumLength
    guard (3...max(3, most)).contains(latencyLength) else {
      throw InputError("--latency-length: expected 3 to \(most), found \(latencyLength)")
    }
    guard (1...100_000).contains(latencyBatch) else {
      throw InputError("--latency-batch: expected 1 to 100000, found \(latencyBatch)")
    }
    guard kind == .latency else {
      return CountedCost(
        kind, of: configuration, length: latencyLength, bytesPerWeight: store.byteCount)
    }
    return try LatencyCache.table(
      for: configuration, batch: latencyBatch, length: latencyLength, device)
  }
}

/// Tables of latencies that were measured on this machine, kept between runs.
enum LatencyCache {
  /// `PARE_CACHE`, or `pare` in the user's folder of caches.
  private static var folder: URL {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["PARE_CACHE"], !path.isEmpty { return URL(fileURLWithPath: path) }
    let home = URL(fileURLWithPath: environment["HOME"] ?? "/tmp")
    let caches =
      environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
      ?? home.appendingPathComponent(".cache")
    return caches.appendingPathComponent("pare")
  }

  static func table(
    for configuration: EncoderConfiguration, batch: Int, length: Int, _ device: Device
  ) throws -> LatencyTable {
    let widest = configuration.layers
    let name =
      "latency-h\(configuration.hiddenSize)-a\(widest.map(\.headCount).max() ?? 0)"
      + "x\(widest.first?.headSize ?? 0)-f\(widest.map(\.intermediateSize).max() ?? 0)"
      + "-b\(batch)-s\(length)-t\(device.threads).json"
    let url = folder.appendingPathComponent(name)
    if let data = try? Data(contentsOf: url),
      let table = try? JSONDecoder().decode(LatencyTable.self, from: data),
      table.conditions.cpu == Machine.cpu
    {
      return table
    }
    var bar = ProgressBar(total: 17)
    let table = try LatencyTable(
      of: configuration, batch: batch, length: length, cpu: Machine.cpu, on: device
    ) { done, _ in bar.show(done, "timing layers") }
    Console.standardError.finishProgress()
    // A cache that cannot be written costs time, not the result.
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try? AtomicFile.write(try StrictJSON.encode(table), to: url)
    return table
  }
}
