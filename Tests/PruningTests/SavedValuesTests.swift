import Checkpoints
import Encoders
import Foundation
import Pruning
import TestSupport
import Testing

/// Scores, plans and options are values of their own: saved, looked at, edited, and fed to the next
/// step.
@Suite struct SavedValuesTests {
  private func decode<T: Codable>(_ type: T.Type, _ json: String) throws -> T {
    try StrictJSON.decode(type, from: Data(json.utf8), path: "file.json")
  }

  private func reason<T: Codable>(_ type: T.Type, _ json: String) -> String {
    do {
      _ = try decode(type, json)
      return "none"
    } catch {
      return "\(error)"
    }
  }

  /// Writes a value, reads it, and writes it again.
  private func expectIdentity<T: Codable & Equatable>(_ value: T) throws {
    let data = try StrictJSON.encode(value)
    let found = try StrictJSON.decode(T.self, from: data, path: "f")
    #expect(found == value)
    #expect(try StrictJSON.encode(found) == data)
  }

  /// A model of one layer with one head and two neurons, in three channels.
  private let sizes = """
    "sizes": {"vocabularySize": 9, "hiddenSize": 3,
              "layers": [{"headCount": 1, "headSize": 2, "intermediateSize": 2}]}
    """

  @Test func scoresComeBackBitForBit() throws {
    for unit in PruningUnit.allCases {
      for criterion in Criterion.allCases {
        try expectIdentity(
          ImportanceScores(
            unit: unit, criterion: criterion,
            values: [[0.1, -1e-30, 3.4e38], [], [1 / 3, Float.leastNonzeroMagnitude]]))
      }
    }
  }

  @Test func plansComeBack() throws {
    try expectIdentity(PruningPlan(keepingAllOf: .uneven))
    try expectIdentity(PruningPlan(keepingAllOf: .flat))
    try expectIdentity(
      PruningPlan.without([.head(layer: 0, 1), .layer(3), .neuron(layer: 1, 2), .channel(0)]))
    try expectIdentity(PruningPlan.keepingTokens([1, 2, 36]))
  }

  @Test func optionsComeBack() throws {
    var options = PruningOptions()
    try expectIdentity(options)
    options.removals = [
      .layers: .count(1), .heads: .ratio(0.5), .neurons: .ratio(1), .channels: .count(0),
    ]
    options.criterion = .fisher
    options.scope = .layer
    options.steps = 4
    options.schedule = .cubic
    options.reconstruction = .leastSquares
    options.seed = .max
    try expectIdentity(options)
    #expect(options.units == [.layers, .heads, .neurons, .channels])
  }

  @Test func optionsCanBeWrittenByHand() throws {
    let json = #"{"removals": {"heads": "0.5", "neurons": "12"}, "scope": "layer"}"#
    let options = try StrictJSON.decode(
      PruningOptions.self, from: Data(json.utf8), over: PruningOptions(), path: "options.json")
    #expect(options.removals == [.heads: .ratio(0.5), .neurons: .count(12)])
    #expect(options.scope == .layer && options.steps == 1)
  }

  @Test func plansCanBeWrittenByHand() throws {
    let plan = try decode(
      PruningPlan.self,
      "{\(sizes), \"channels\": [0, 2], \"layers\": [{\"index\": 0, \"heads\": [], \"neurons\": [1]}]}"
    )
    #expect(plan.layers.map(\.index) == [0] && plan.layers[0].heads.isEmpty)
    #expect(plan.layers[0].neurons == [1] && plan.channels == [0, 2] && plan.tokens == nil)
  }

  @Test func unknownKeysAreNamed() {
    let plan = reason(
      PruningPlan.self,
      """
      {\(sizes), "channels": [0], "layers": [{"index": 0, "heads": [0], "neurons": [], "cut": 1}]}
      """)
    #expect(plan.contains("file.json") && plan.contains("unknown key layers[0].cut"))
    let scores = reason(
      ImportanceScores.self,
      #"{"unit": "heads", "criterion": "random", "values": [], "date": "today"}"#)
    #expect(scores.contains("unknown key date"))
  }

  @Test func missingKeysAndOtherKindsAreNamed() {
    #expect(reason(PruningPlan.self, "{\(sizes), \"layers\": []}").contains("channels"))
    #expect(reason(PruningPlan.self, #"{"layers": []}"#).contains("sizes"))
    let scores = reason(ImportanceScores.self, #"{"unit": "heads", "values": []}"#)
    #expect(scores.contains("criterion"))
    #expect(
      reason(PruningPlan.self, "{\(sizes), \"channels\": [0], \"layers\": 3}").contains("layers"))
    #expect(reason(PruningPlan.self, "[").contains("file.json"))
    #expect(
      reason(ImportanceScores.self, #"{"unit": "legs", "criterion": "random", "values": []}"#)
        .contains("unit"))
  }

  @Test func everyErrorIsOneSentenceThatSaysWhatToDoOrWhere() {
    let errors: [PruningError] = [
      .otherModel(expected: "heads [1]", found: "heads [2]"),
      .invalidPlan(reason: "layer 3: heads: 9 is not there"),
      .invalidBudget(expected: "at most 3", found: "4"),
      .invalidScore(unit: .neurons, row: 1, index: 2), .noCalibrationData(criterion: .ablation),
      .noReconstructionData, .notScorable(unit: .tokens, criterion: .fisher), .notFinite,
      .lawBroken(difference: 1, limit: 0.1),
    ]
    for error in errors {
      #expect(!"\(error)".contains("\n") && "\(error)".count > 20)
    }
    #expect("\(errors[6])".contains("fisher cannot score tokens; expected one of magnitude"))
  }
}
