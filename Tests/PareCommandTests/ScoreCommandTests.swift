import Foundation
import Pare
import Testing

@Suite struct ScoreCommandTests {
  @Test(arguments: Criterion.allCases.filter { $0.units.contains(.heads) })
  func jsonHasTheDocumentedKeys(criterion: Criterion) throws {
    let folder = try Sample.folder()
    let outcome = try folder.pare(
      "score", "heads", "model", "--data", "train.tsv", "--criterion", criterion.rawValue,
      "--json", "--out", "scores.json")
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    let object = try outcome.object()
    #expect(object.keys.sorted() == ["criterion", "unit", "values"])
    #expect(object["unit"] as? String == "heads")
    #expect(object["criterion"] as? String == criterion.rawValue)
    let values = try #require(object["values"] as? [[Double]])
    #expect(values.map(\.count) == [3, 3])
    // What is printed is what is saved.
    #expect(try folder.data("scores.json") == outcome.output)
  }

  @Test(arguments: [
    (PruningUnit.layers, [1, 1]), (.neurons, [32, 32]), (.channels, [24]),
  ])
  func everyKindOfUnitIsScored(unit: PruningUnit, counts: [Int]) throws {
    let folder = try Sample.folder()
    let outcome = try folder.pare(
      "score", unit.rawValue, "model", "--data", "train.tsv", "--json")
    let object = try outcome.object()
    #expect(object["unit"] as? String == unit.rawValue)
    #expect(try #require(object["values"] as? [[Double]]).map(\.count) == counts)
  }

  @Test func piecesOfTheVocabularyAreScoredByTheirWeights() throws {
    let folder = try Sample.folder()
    let outcome = try folder.pare(
      "score", "tokens", "model", "--criterion", "magnitude", "--json")
    let model = try SavedClassifier(contentsOf: folder["model"]).classifier
    let values = try #require(try outcome.object()["values"] as? [[Double]])
    #expect(values.map(\.count) == [model.configuration.vocabularySize])
    expectFailure(
      try folder.pare("score", "tokens", "model", "--data", "train.tsv"),
      "gate-gradient cannot score tokens", "magnitude")
  }

  @Test func allCriteriaAreHeldAgainstAblationAndChance() throws {
    let folder = try Sample.folder()
    let arguments = ["score", "heads", "model", "--data", "train.tsv", "--criterion", "all"]
    let rows = try folder.start(arguments + ["--json"]).wait().objects()
    let names = Criterion.allCases.filter { $0.units.contains(.heads) }.map(\.rawValue)
    #expect(rows.compactMap { $0["criterion"] as? String } == names)
    for row in rows {
      #expect(row.keys.sorted() == ["ablation", "criterion", "random"])
      for key in ["ablation", "random"] {
        #expect(try abs(#require(row[key] as? Double)) < 1 + 1e-9)
      }
      if row["criterion"] as? String == "ablation" {
        #expect(try #require(row["ablation"] as? Double) > 1 - 1e-9)
      }
    }
    let text = try folder.start(arguments).wait().text
    #expect(names.allSatisfy(text.contains))
    #expect(try folder.start(arguments + ["--out", "scores.json"]).wait().status == 64)
  }

  @Test func theMapHasARowForEachLayer() throws {
    let folder = try Sample.folder()
    let lines = try folder.pare("score", "heads", "model", "--criterion", "magnitude").lines
    #expect(lines.suffix(2).map { $0.contains("layer 1") } == [true, false])
    #expect(lines.last?.contains("layer 0") == true)
  }

  @Test func theSeedDecidesWhichExamplesAreSeen() throws {
    let folder = try Sample.folder()
    func scores(_ arguments: String...) throws -> Data {
      try folder.start(
        ["score", "heads", "model", "--data", "train.tsv", "--json"] + arguments
      ).wait().output
    }
    #expect(try scores("--examples", "6") == scores("--examples", "6"))
    #expect(
      try scores("--examples", "6") != scores("--examples", "6", "--calibration-seed", "1"))
    // All of them are seen whatever the seed, but for the last bits.
    #expect(try scores("--threads", "1") == scores("--threads", "2"))
  }
}
