// pare bench --sparse: the measurement behind the choice of WeightLayout.

import Foundation
import Pare

/// Times of products with weights that have zeros: how these lie, how many there are, how many rows
/// of x; each layout in turn within a round, so that a busy machine is as hard on one as on the
/// other.
struct SparseBench {
  let device: Device
  /// Of a model with these, the weights of the feed-forward half and of attention's output.
  let hiddenSize, intermediateSize: Int
  /// Rounds of each product at least.
  let calls: Int

  private static let blocks = [
    BlockShape(1, 1), BlockShape(4, 1), BlockShape(1, 16), BlockShape(32, 32),
  ]
  /// Shares of blocks that are not zero; the last ones are near the bounds of the choice.
  private static let shares = [0.05, 0.1, 0.2, 0.3, 0.55]
  /// A short sentence, a tile of the sparse products, and a batch.
  private static let rowCounts = [10, 64, 1024]

  /// The times of one weight with one number of rows, in milliseconds: each the fastest of its
  /// rounds, since other programs can only make it slower.
  struct Reading: Encodable {
    let outputs, inputs: Int
    let block: [Int]
    let share: Double
    let rows: Int
    let chosen: WeightLayout
    let milliseconds: [String: Double]
    let bytes: [String: Int]
    let threads: Int

    /// How many times faster than the dense product.
    func gain(_ layout: WeightLayout) -> Double {
      (milliseconds[WeightLayout.dense.rawValue] ?? 0)
        / (milliseconds[layout.rawValue] ?? .infinity)
    }
  }

  /// All readings, one weight after another; `body` gets those of one weight.
  func forEachWeight(_ body: ([Reading]) throws -> Void) rethrows {
    let shapes = [
      [intermediateSize, hiddenSize], [hiddenSize, intermediateSize], [hiddenSize, hiddenSize],
    ]
    for shape in shapes {
      for block in Self.blocks {
        for share in Self.shares {
          let weight = Self.weight(shape, block, share)
          let packed = WeightLayout.allCases.map { PackedWeight(weight, on: device, layout: $0) }
          try body(Self.rowCounts.map { reading(weight, packed, block, share, rows: $0) })
        }
      }
    }
  }

  private func reading(
    _ weight: Tensor, _ packed: [PackedWeight], _ block: BlockShape, _ share: Double, rows: Int
  ) -> Reading {
    var stream = RandomStream(1, UInt64(rows))
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let x = Tensor(
      (0..<rows * inputs).map { _ in Float(stream.uniform() - 0.5) }, shape: [rows, inputs])
    let bias = Tensor(zeros: outputs)
    let clock = ContinuousClock()
    var times = packed.map { _ in [Double]() }
    // As many more as make a short product's times worth a look.
    let rounds = calls * max(1, 256 / rows)
    for round in 0..<rounds + 2 {
      for (index, each) in packed.enumerated() {
        let start = clock.now
        _ = device.linear(x, packed: each, bias: bias)
        if round >= 2 { times[index].append(start.duration(to: clock.now) / .milliseconds(1)) }
      }
    }
    let names = packed.map(\.layout.rawValue)
    return Reading(
      outputs: outputs, inputs: inputs, block: [block.rows, block.columns], share: share,
      rows: rows, chosen: WeightLayout(for: weight),
      milliseconds: Dictionary(
        uniqueKeysWithValues: zip(names, times.map { $0.min() ?? 0 })),
      bytes: Dictionary(uniqueKeysWithValues: zip(names, packed.map(\.byteCount))),
      threads: device.threads)
  }

  /// A random weight of which this share of blocks is not zero; the last blocks may be cut short.
  private static func weight(_ shape: [Int], _ block: BlockShape, _ share: Double) -> Tensor {
    var stream = RandomStream(2, UInt64(block.count))
    let (rows, columns) = (shape[0], shape[1])
    let across = (columns + block.columns - 1) / block.columns
    let kept = (0..<(rows + block.rows - 1) / block.rows * across).map { _ in
      stream.uniform() < share
    }
    let elements = (0..<rows * columns).map { index in
      kept[index / columns / block.rows * across + index % columns / block.columns]
        ? Float(stream.normal()) : 0
    }
    return Tensor(elements, shape: shape)
  }
}

extension BenchCommand {
  /// Times sparse products of the shape's weights, and prints a line for each weight.
  func timeSparseProducts(on device: Device) throws {
    let bench = SparseBench(
      device: device, hiddenSize: shape.hidden, intermediateSize: shape.feedForward, calls: calls)
    var table: Table?
    try bench.forEachWeight { readings in
      if table == nil {
        table = Table(
          ["weight", "blocks", "kept"]
            + readings.flatMap { ["dense, \($0.rows) rows", "rows", "groups"] }
            + ["chosen", "bytes"])
      }
      guard let first = readings.first else { return }
      let chosen = first.chosen
      table?.add(
        [
          "\(first.outputs)×\(first.inputs)", "\(first.block[0])×\(first.block[1])",
          Format.percent(first.share),
        ]
          + readings.flatMap { reading in
            [
              String(format: "%.3f ms", reading.milliseconds[WeightLayout.dense.rawValue] ?? 0),
              String(format: "%.2f×", reading.gain(.sparseRows)),
              String(format: "%.2f×", reading.gain(.sparseGroups)),
            ]
          } + [chosen.rawValue, Format.bytes(first.bytes[chosen.rawValue] ?? 0)])
      for reading in readings { try common.output.report(line: reading) }
    }
    if let table { common.say(table.text) }
    common.say(
      "\ntimes faster than dense; the fastest of \(calls) calls and more, \(device.threads) threads, "
        + "\(Machine.cpu), sparse products with \(InstructionLevel.highest.rawValue)")
  }
}
