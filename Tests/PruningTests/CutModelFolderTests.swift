import Checkpoints
import Encoders
import Foundation
import Pruning
import Tensors
import TestSupport
import Testing
import Text

/// Models that lost units of any kind are folders like any other.
@Suite struct CutModelFolderTests {
  private static let configuration: EncoderConfiguration = {
    var configuration = EncoderConfiguration.uneven
    configuration.vocabularySize = 310
    return configuration
  }()

  /// Trained once for all tests: it needs every byte and a few pieces.
  private static let tokenizer = Result { () throws(TextError) in
    try SentencePieceTokenizer.train(
      on: [
        "the film is a slow and tedious journey", "the acting and the music are often charming",
        "a charming and often affecting journey through the city",
        "what a lazy and slow film about a dog in the city",
      ], options: SentencePieceOptions(vocabularySize: 290))
  }

  private static let all = GatePlace.all(of: configuration)

  @Test(
    arguments: [
      [.layer(0)], all.filter { $0.unit == .layers }, [.head(layer: 0, 1), .head(layer: 1, 0)],
      all.filter { $0.unit == .heads }, [.neuron(layer: 4, 0)], all.filter { $0.unit == .neurons },
      [.channel(3), .channel(0)], all.filter { $0.unit == .channels && $0 != .channel(9) },
      [.layer(2), .head(layer: 0, 0), .neuron(layer: 1, 1), .channel(22)],
    ] as [[GatePlace]])
  func whatIsCutComesBackFromItsFolder(places: [GatePlace]) throws {
    try expectReturn(PruningPlan.without(places, of: Self.configuration))
  }

  @Test func soDoesAModelWithFewerRowsOfEmbeddings() throws {
    var plan = PruningPlan(keepingAllOf: Self.configuration)
    plan.tokens = Array(0..<300)
    try expectReturn(plan)
  }

  private func expectReturn(_ plan: PruningPlan) throws {
    let whole = DenseClassifier.random(Self.configuration, seed: 4)
    let saved = SavedClassifier(
      classifier: try whole.pruned(by: plan), tokenizer: try Self.tokenizer.get(),
      labelNames: ["bad", "fair", "good"], card: ModelCard())
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "pare-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try saved.write(to: folder)
    let loaded = try SavedClassifier(contentsOf: folder)
    #expect(loaded.classifier == saved.classifier)
    #expect(loaded.classifier.configuration == plan.applied(to: Self.configuration))
    let examples = [Example(text: "a slow dog"), Example(text: "the city", secondText: "a film")]
    #expect(
      try TextClassifier(loaded, on: Fixture.device).logits(examples)
        == TextClassifier(saved, on: Fixture.device).logits(examples))
  }
}
