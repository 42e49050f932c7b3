import Checkpoints
import Encoders
import Foundation
import Pruning
import TestSupport
import Testing

/// Scores and plans are values of their own: saved, looked at, edited, and fed to the next step.
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

  @Test func scoresComeBackBitForBit() throws {
    let scores = ImportanceScores(
      unit: .heads, criterion: .ablation,
      values: [[0.1, -1e-30, 3.4e38], [], [1 / 3, Float.leastNonzeroMagnitude]])
    let data = try StrictJSON.encode(scores)
    #expect(try StrictJSON.decode(ImportanceScores.self, from: data, path: "f") == scores)
    #expect(try StrictJSON.encode(scores) == data)
  }

  @Test func plansComeBack() throws {
    let plan = PruningPlan.without([(0, 1), (3, 0)])
    let data = try StrictJSON.encode(plan)
    #expect(try StrictJSON.decode(PruningPlan.self, from: data, path: "f") == plan)
  }

  @Test func plansCanBeWrittenByHand() throws {
    let plan = try decode(
      PruningPlan.self, #"{"layers": [{"headCount": 3, "heads": [0, 2]}]}"#)
    #expect(plan.layers == [PruningPlan.Layer(headCount: 3, heads: [0, 2])])
    #expect(plan.headCount == 2)
  }

  @Test func unknownKeysAreNamed() {
    let plan = reason(
      PruningPlan.self, #"{"layers": [{"headCount": 3, "heads": [0], "remove": [1]}]}"#)
    #expect(plan.contains("file.json") && plan.contains("unknown key layers[0].remove"))
    let scores = reason(
      ImportanceScores.self,
      #"{"unit": "heads", "criterion": "random", "values": [], "date": "today"}"#)
    #expect(scores.contains("unknown key date"))
  }

  @Test func missingKeysAndOtherKindsAreNamed() {
    #expect(reason(PruningPlan.self, #"{"layers": [{"headCount": 3}]}"#).contains("heads"))
    let scores = reason(ImportanceScores.self, #"{"unit": "heads", "values": []}"#)
    #expect(scores.contains("criterion"))
    #expect(reason(PruningPlan.self, #"{"layers": 3}"#).contains("layers"))
    #expect(reason(PruningPlan.self, "[").contains("file.json"))
    #expect(
      reason(ImportanceScores.self, #"{"unit": "legs", "criterion": "random", "values": []}"#)
        .contains("unit"))
  }

  @Test func plansThatDoNotFollowEachOtherAreRefused() throws {
    let first = PruningPlan.without([(0, 1)])
    #expect(throws: PruningError.self) {
      try first.followed(by: PruningPlan(keepingAllOf: .uneven))
    }
    let second = PruningPlan(keepingAllOf: try Fixture.model.pruned(by: first).configuration)
    #expect(try first.followed(by: second) == first)
  }

  @Test func everyErrorIsOneSentenceThatSaysWhatToDoOrWhere() {
    let errors: [PruningError] = [
      .otherModel(expected: "heads [1]", found: "heads [2]"),
      .invalidPlan(layer: 3, reason: "head 9 is not there"),
      .invalidBudget(expected: "at most 3", found: "4"), .invalidScore(layer: 1, unit: 2),
      .noCalibrationData(criterion: "ablation"), .notFinite,
      .lawBroken(difference: 1, limit: 0.1),
    ]
    for error in errors {
      #expect(!"\(error)".contains("\n") && "\(error)".count > 20)
    }
  }
}
