import Encoders
import Tensors
import TestSupport
import Testing
import Text

/// `SequenceClassifier.logits`, which cuts many sequences into groups.
@Suite struct GroupingTests {
  @Test(arguments: [1, 2, 3], [1, 16, 128, 10_000])
  func logitsDoNotDependOnTheGrouping(threads: Int, tokensPerGroup: Int) throws {
    let device = Device(threads: threads)
    for configuration in [EncoderConfiguration.uneven, .flat] {
      let model = DenseClassifier.random(configuration, seed: 1)
      let packed = model.packed(on: device)
      for count in [0, 1, 2, 3, 57] {
        let sequences = try EncodedSequence.random(
          count: count, longest: 30, for: configuration, seed: UInt64(count))
        let alone = sequences.map { model.forward(TokenBatch([$0]), on: device).logits.row(0) }
        let dense = model.logits(sequences, tokensPerGroup: tokensPerGroup, on: device)
        let fast = packed.logits(sequences, tokensPerGroup: tokensPerGroup, on: device)
        #expect(dense.count == count)
        #expect(largestDifference(dense, alone) < Float(Tolerance.grouping))
        #expect(largestDifference(fast, alone) < Float(Tolerance.grouping))
      }
    }
  }

  @Test func longSequencesAmongShortOnesAreAllAnswered() throws {
    let device = Device(threads: 3)
    let model = DenseClassifier.random(.uneven, seed: 2)
    var sequences = try EncodedSequence.random(count: 40, longest: 3, for: .uneven, seed: 1)
    sequences += try EncodedSequence.random(count: 3, longest: 40, for: .uneven, seed: 2)
    sequences += try EncodedSequence.random(count: 40, longest: 3, for: .uneven, seed: 3)
    let alone = sequences.map { model.forward(TokenBatch([$0]), on: device).logits.row(0) }
    let grouped = model.logits(sequences, tokensPerGroup: 16, on: device)
    #expect(largestDifference(grouped, alone) < Float(Tolerance.grouping))
  }

  @Test func manyTasksShareOneModel() async throws {
    let device = Device(threads: 2)
    let packed = DenseClassifier.random(.uneven, seed: 3).packed(on: device)
    let sequences = try EncodedSequence.random(count: 30, longest: 40, for: .uneven, seed: 4)
    let expected = packed.logits(sequences, on: device)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (0..<20).allSatisfy { _ in packed.logits(sequences, on: device) == expected }
        }
      }
      for await isSame in group { #expect(isSame) }
    }
  }
}
