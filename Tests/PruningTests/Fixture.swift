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
  /// The heads of each layer.
  static let headCounts = EncoderConfiguration.uneven.layers.map(\.headCount)
  static let batch = TokenBatch.random(lengths: [7, 2, 1, 19, 12], for: .uneven, seed: 4)

  /// Every head as (layer, head).
  static let heads = headCounts.indices.flatMap { layer in
    (0..<headCounts[layer]).map { (layer: layer, head: $0) }
  }

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
    _ criterion: Criterion, on batches: [LabeledBatch] = [], of model: DenseClassifier = model,
    seed: UInt64 = 0, device: Device = device
  ) throws -> ImportanceScores {
    var criteria = [criterion.make(seed: seed)]
    calibrate(&criteria, on: batches, through: model, device: device)
    return try criteria[0].scores(of: model)
  }
}

extension PruningPlan {
  /// Without the heads given as (layer, head).
  func removing(_ heads: [(layer: Int, head: Int)]) -> PruningPlan {
    var plan = self
    for (layer, head) in heads { plan.layers[layer].heads.removeAll { $0 == head } }
    return plan
  }

  /// All heads of the fixture's model but these.
  static func without(_ heads: [(layer: Int, head: Int)]) -> PruningPlan {
    PruningPlan(keepingAllOf: .uneven).removing(heads)
  }
}

extension Gates {
  /// The gates of the fixture's model that a plan closes.
  init(closedBy plan: PruningPlan) {
    self.init(open: .uneven)
    for (index, layer) in plan.layers.enumerated() {
      for head in 0..<layer.headCount where !layer.heads.contains(head) { heads[index][head] = 0 }
    }
  }
}

/// The largest difference of two tensors' elements; infinite where one is NaN.
func largestDifference(_ a: Tensor, _ b: Tensor) -> Float {
  TestSupport.largestDifference([a.elements], [b.elements])
}
