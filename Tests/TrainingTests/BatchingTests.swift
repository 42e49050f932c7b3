import Synchronization
import Tensors
import Testing
import Text
import Training

/// The order of examples, as an objective sees it.
@Suite struct BatchingTests {
  /// Notes the labels and lengths of all batches; its gradient is zero.
  private final class Recorder: LogitObjective {
    private let seen = Mutex<[(labels: [Int], lengths: [Int])]>([])

    var batches: [(labels: [Int], lengths: [Int])] { seen.withLock { $0 } }

    func callAsFunction(
      _ logits: Tensor, _ batch: LabeledBatch
    ) -> (value: Float, gradient: Tensor) {
      seen.withLock { $0.append((batch.labels, batch.tokens.lengths)) }
      return (0, Tensor(zeros: logits.shape))
    }
  }

  /// The batches of two epochs over `count` examples, whose labels are their indices.
  private func batches(
    _ count: Int, batchSize: Int, buckets: Bool, seed: UInt64 = 1
  ) throws -> [(labels: [Int], lengths: [Int])] {
    let examples = try ToyProblem.examples(count, seed: 1).enumerated().map {
      LabeledSequence($0.element.sequence, label: $0.offset)
    }
    var options = ToyProblem.options
    (options.epochs, options.batchSize) = (2, batchSize)
    (options.bucketsByLength, options.seed) = (buckets, seed)
    let recorder = Recorder()
    _ = try trained(
      options, on: TrainingData(training: examples, validation: []), objective: recorder)
    return recorder.batches
  }

  @Test(arguments: [1, 2, 7, 8, 9, 130], [false, true])
  func everyExampleIsSeenOnceInAnEpoch(count: Int, buckets: Bool) throws {
    let found = try batches(count, batchSize: 8, buckets: buckets)
    let perEpoch = (count + 7) / 8
    #expect(found.count == 2 * perEpoch)
    #expect(found.allSatisfy { 1...8 ~= $0.labels.count && $0.labels.count == $0.lengths.count })
    for epoch in [found.prefix(perEpoch), found.suffix(perEpoch)] {
      #expect(epoch.flatMap(\.labels).sorted() == Array(0..<count))
      #expect(epoch.count { $0.labels.count < 8 } <= 1)
    }
  }

  @Test(arguments: [false, true])
  func orderFollowsFromSeedAndEpoch(buckets: Bool) throws {
    let found = try batches(100, batchSize: 8, buckets: buckets).map(\.labels)
    #expect(try batches(100, batchSize: 8, buckets: buckets).map(\.labels) == found)
    #expect(try batches(100, batchSize: 8, buckets: buckets, seed: 2).map(\.labels) != found)
    #expect(found.prefix(13).flatMap { $0 } != found.suffix(13).flatMap { $0 })
  }

  @Test func bucketsHoldSentencesOfLikeLength() throws {
    func spread(_ buckets: Bool) throws -> Int {
      try batches(130, batchSize: 8, buckets: buckets).reduce(0) { sum, batch in
        sum + (batch.lengths.max() ?? 0) - (batch.lengths.min() ?? 0)
      }
    }
    // Lengths of 2 to 14 in random batches of 8 differ by about 10, sorted ones by 1 or 2.
    #expect(try 4 * spread(true) < spread(false))
  }

  @Test func bucketedBatchesComeInRandomOrder() throws {
    let means = try batches(130, batchSize: 8, buckets: true).prefix(17).map { batch in
      batch.lengths.reduce(0, +) / batch.lengths.count
    }
    #expect(means != means.sorted() && means != means.sorted(by: >))
  }
}
