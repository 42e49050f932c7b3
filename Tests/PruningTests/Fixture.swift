// A small uneven model and examples for it, shared by all tests.

import Encoders
import Pruning
import Tensors
import TestSupport
import Text
import Training

/// Layers that all differ, with random weights, on two threads.
enum Fixture {
  static let device = Device(threads: 2)
  static let model = DenseClassifier.random(.uneven, seed: 3)
  static let batch = TokenBatch.random(lengths: [7, 2, 1, 19, 12], for: .uneven, seed: 4)
  /// Everything that a gate can close.
  static let places = GatePlace.all(of: .uneven)
  /// The kinds of units that have gates.
  static let gatedUnits: [PruningUnit] = [.layers, .heads, .neurons, .channels]

  /// The places of one kind of unit.
  static func places(_ unit: PruningUnit) -> [GatePlace] { places.filter { $0.unit == unit } }

  /// Random sequences with random labels.
  static func examples(_ count: Int) throws -> [LabeledSequence] {
    var stream = RandomStream(9, 1)
    return try EncodedSequence.random(count: count, longest: 16, for: .uneven, seed: 5).map {
      LabeledSequence($0, label: Int.random(in: 0..<3, using: &stream))
    }
  }

  /// The same in batches of a given size.
  static func batches(_ examples: [LabeledSequence], of size: Int) -> [LabeledBatch] {
    stride(from: 0, to: examples.count, by: size).map {
      LabeledBatch(examples[$0..<min($0 + size, examples.count)])
    }
  }

  /// The scores of one criterion.
  static func scores(
    _ criterion: Criterion, per unit: PruningUnit, on batches: [LabeledBatch] = [],
    of model: DenseClassifier = model, seed: UInt64 = 0, device: Device = device
  ) throws -> ImportanceScores {
    var criteria = [criterion.make(for: [unit], seed: seed)]
    calibrate(&criteria, on: batches, through: model, device: device)
    return try criteria[0].scores(of: model, per: unit)
  }
}

extension GatePlace {
  /// Its kind, and its row and place as in `PruningUnit.counts`.
  var unit: PruningUnit {
    switch self {
    case .layer: .layers
    case .head: .heads
    case .neuron: .neurons
    case .channel: .channels
    }
  }

  var row: Int {
    switch self {
    case .layer(let layer), .head(let layer, _), .neuron(let layer, _): layer
    case .channel: 0
    }
  }

  var index: Int {
    switch self {
    case .layer: 0
    case .head(_, let index), .neuron(_, let index), .channel(let index): index
    }
  }
}

extension PruningPlan {
  /// All of a model but these units.
  static func without(
    _ places: [GatePlace], of configuration: EncoderConfiguration = .uneven
  ) -> PruningPlan {
    var plan = PruningPlan(keepingAllOf: configuration)
    for unit in Fixture.gatedUnits {
      plan.remove(unit, places.filter { $0.unit == unit }.map { ($0.row, $0.index) })
    }
    return plan
  }
}

extension Gates {
  /// The fixture's gates, with these closed.
  init(closing places: [GatePlace]) {
    self.init(open: .uneven)
    for place in places { self[place] = 0 }
  }
}

extension ImportanceScores {
  /// All of them, row after row.
  var all: [Double] { values.joined().map(Double.init) }
}

/// The largest difference of two tensors' elements; infinite where one is NaN.
func largestDifference(_ a: Tensor, _ b: Tensor) -> Float {
  TestSupport.largestDifference([a.elements], [b.elements])
}
