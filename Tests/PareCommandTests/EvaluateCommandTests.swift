import Foundation
import Testing

@Suite struct EvaluateCommandTests {
  @Test func jsonHasTheDocumentedKeys() throws {
    let folder = try Sample.folder()
    let outcome = try folder.pare("evaluate", "model", "--data", "test.tsv", "--json")
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    let object = try outcome.object()
    #expect(
      object.keys.sorted()
        == ["accuracy", "baselines", "count", "f1", "interval", "loss", "slices"])
    #expect(object["count"] as? Int == 40)
    #expect((object["accuracy"] as? Double ?? 0) > 0.9, "the sample was learned")
    let interval = try #require(object["interval"] as? [String: Double])
    #expect(interval.keys.sorted() == ["high", "low"])
    let baselines = try #require(object["baselines"] as? [[String: Any]])
    #expect(baselines.compactMap { $0["name"] as? String } == ["majority", "bag of words"])
    let slices = try #require(object["slices"] as? [[String: Any]])
    #expect(slices.compactMap { $0["value"] as? String } == ["odd", "plain"])
    #expect(slices.allSatisfy { $0["column"] as? String == "kind" })
  }

  @Test func theTableShowsTheSameFigures() throws {
    let folder = try Sample.folder()
    let text = try folder.pare("evaluate", "model", "--data", "test.tsv").text
    for word in ["on 40 examples", "majority", "50.0 %", "bag of words", "macro F1", "kind odd"] {
      #expect(text.contains(word), "\(text)")
    }
  }

  /// The file beside the data is not the data itself: its own answers are no baseline.
  @Test func theBagOfWordsDoesNotLearnFromTheTest() throws {
    let folder = try Sample.folder()
    let text = try folder.pare("evaluate", "model", "--data", "train.tsv").text
    #expect(!text.contains("bag of words  ") && text.contains("--baseline"))
    let given = try folder.pare(
      "evaluate", "model", "--data", "train.tsv", "--baseline", "test.tsv")
    #expect(given.text.contains("bag of words  "))
  }

  @Test func anUnfitNeighbourIsLeftOutAndAnUnfitBaselineRefused() throws {
    let folder = try Sample.folder()
    try folder.write("train.tsv", "something\telse\n1\t2\n")
    let outcome = try folder.pare("evaluate", "model", "--data", "test.tsv")
    #expect(outcome.status == 0 && outcome.text.contains("--baseline"))
    expectFailure(
      try folder.pare(
        "evaluate", "model", "--data", "test.tsv", "--baseline", "train.tsv"), "train.tsv")
  }

  @Test func theNumberOfThreadsDoesNotMatter() throws {
    let folder = try Sample.folder()
    func figures(_ threads: String) throws -> Data {
      try folder.pare(
        "evaluate", "model", "--data", "test.tsv", "--json", "--threads", threads
      ).output
    }
    #expect(try figures("1") == figures("3"))
  }
}
