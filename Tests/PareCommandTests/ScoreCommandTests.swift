import Foundation
import Pare
import Testing

@Suite struct ScoreCommandTests {
  @Test(arguments: Criterion.allCases)
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
