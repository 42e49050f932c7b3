import Foundation
import Pare
import Testing

@Suite struct PruneCommandTests {
  /// The heads of each layer of a saved model.
  private func heads(_ folder: Folder, _ name: String) throws -> [Int] {
    try SavedClassifier(contentsOf: folder[name]).classifier.configuration.layers.map(\.headCount)
  }

  /// A plan for the sample's model, changed by hand.
  private func write(
    _ name: String, in folder: Folder, _ change: (inout PruningPlan) -> Void
  ) throws {
    let model = try SavedClassifier(contentsOf: folder["model"]).classifier
    var plan = PruningPlan(keepingAllOf: model.configuration)
    change(&plan)
    try folder.write(name, try StrictJSON.encode(plan))
  }

  @Test func jsonHasTheDocumentedKeys() throws {
    let folder = try Sample.folder()
    let outcome = try folder.pare(
      "prune", "model", "--heads", "0.5", "--data", "train.tsv", "--test", "test.tsv", "--out",
      "smaller", "--json")
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    let object = try outcome.object()
    #expect(object.keys.sorted() == ["after", "before", "model"])
    #expect(object["model"] as? String == "smaller")
    for key in ["before", "after"] {
      let report = try #require(object[key] as? [String: Any])
      #expect(report["count"] as? Int == 40 && report["accuracy"] != nil)
    }
    #expect(try heads(folder, "smaller").reduce(0, +) == 3)
    // What it printed is what the smaller model says by itself.
    let again = try folder.pare(
      "evaluate", "smaller", "--data", "test.tsv", "--json"
    ).object()
    let after = try #require(object["after"] as? [String: Any])
    #expect(again["loss"] as? Double == after["loss"] as? Double)
  }

  @Test func headsAreCutDownToNone() throws {
    let folder = try Sample.folder()
    let outcome = try folder.pare(
      "prune", "model", "--heads", "1.0", "--criterion", "magnitude", "--out", "none")
    #expect(outcome.status == 0 && outcome.text.contains("cut 6 of 6 heads"))
    #expect(try heads(folder, "none") == [0, 0])
    // It loads with no parent at hand, and everything works on it.
    try FileManager.default.removeItem(at: folder["model"])
    for arguments in [
      ["evaluate", "none", "--data", "test.tsv"], ["inspect", "none"], ["predict", "none", "good"],
      ["score", "heads", "none", "--data", "train.tsv"],
      ["bench", "none", "--calls", "2", "--seconds", "0", "--length", "8"],
      ["bench", "none", "--calls", "2", "--seconds", "0", "--length", "8", "--train"],
      ["prune", "none", "--heads", "0", "--data", "train.tsv", "--out", "same"],
      ["train", "--from", "none", "--data", "train.tsv", "--epochs", "1", "--out", "tuned"],
    ] {
      let outcome = try folder.start(arguments).wait()
      #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
    }
    #expect(
      try folder.data("same/model.safetensors") == folder.data("none/model.safetensors"))
    #expect(try heads(folder, "tuned") == [0, 0])
  }

  @Test func countsRatiosAndScopes() throws {
    let folder = try Sample.folder()
    func left(_ arguments: String...) throws -> [Int] {
      let outcome = try folder.start(
        ["prune", "model", "--data", "train.tsv", "--out", "new"] + arguments
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try heads(folder, "new")
    }
    #expect(try left("--heads", "2").reduce(0, +) == 4)
    #expect(try left("--heads", "0.34", "--scope", "layer") == [2, 2])
    #expect(try left("--heads", "0") == [3, 3])
    #expect(
      try folder.data("new/model.safetensors") == folder.data("model/model.safetensors"))
  }

  @Test func iterativeCuttingScoresAnewBeforeEachStep() throws {
    let folder = try Sample.folder()
    let outcome = try folder.pare(
      "prune", "model", "--heads", "5", "--steps", "3", "--data", "train.tsv", "--out", "new")
    let cuts = outcome.lines.filter { $0.hasPrefix("cut ") }
    #expect(cuts.count == 3, "\(outcome.text)")
    // A third of 5 is 1.7, two thirds are 3.3.
    for (cut, start) in zip(cuts, ["cut 2 of 6", "cut 1 of 4", "cut 2 of 3"]) {
      #expect(cut.hasPrefix(start), "\(cut)")
    }
    #expect(try heads(folder, "new").reduce(0, +) == 1)
    // More steps than heads are as many as heads.
    let many = try folder.pare(
      "prune", "model", "--heads", "2", "--steps", "1000000000", "--data", "train.tsv", "--out",
      "new")
    #expect(many.lines.count { $0.hasPrefix("cut ") } == 2)
  }

  @Test func aPlanByHandIsFollowed() throws {
    let folder = try Sample.folder()
    try write("plan.json", in: folder) { plan in
      plan.layers[0].heads = [1]
      plan.layers[1].neurons = [0, 5, 31]
      plan.channels.removeLast(3)
    }
    #expect(try folder.pare("prune", "model", "--plan", "plan.json", "--out", "new").status == 0)
    let (old, new) = try (
      SavedClassifier(contentsOf: folder["model"]), SavedClassifier(contentsOf: folder["new"])
    )
    let plan = try StrictJSON.decode(PruningPlan.self, contentsOf: folder["plan.json"])
    #expect(try new.classifier == old.classifier.pruned(by: plan))
    let step = try #require(new.card.steps.last)
    #expect(new.card.steps.count == 2 && step.command == "pare prune")
    #expect(step.data.keys.sorted() == ["plan.json"] && step.parent != nil)
  }

  @Test func unitsOfEveryKindAreCut() throws {
    let folder = try Sample.folder()
    let outcome = try folder.pare(
      "prune", "model", "--layers", "1", "--heads", "0.5", "--neurons", "0.25", "--channels",
      "5", "--criterion", "fisher", "--scope", "layer", "--schedule", "cubic", "--reconstruct",
      "least-squares", "--data", "train.tsv", "--out", "new")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let new = try SavedClassifier(contentsOf: folder["new"]).classifier.configuration
    #expect(new.layers.count == 1 && new.hiddenSize == 19)
    #expect(new.layers[0].headCount < 3 && new.layers[0].intermediateSize < 32)
    #expect(outcome.text.contains("cut 1 of 2 layers") && outcome.text.contains("5 of 24 channels"))
    #expect(try folder.pare("evaluate", "new", "--data", "test.tsv").status == 0)
  }

  @Test func aWrittenPlanGivesTheSameModelAgain() throws {
    let folder = try Sample.folder()
    try folder.pare(
      "prune", "model", "--heads", "3", "--neurons", "0.5", "--steps", "3", "--data", "train.tsv",
      "--write-plan", "plan.json", "--out", "a")
    try folder.pare("prune", "model", "--plan", "plan.json", "--out", "b")
    #expect(try folder.data("a/model.safetensors") == folder.data("b/model.safetensors"))
  }

  @Test func scoresOfSeveralKindsAreFollowedTogether() throws {
    let folder = try Sample.folder()
    for unit in ["heads", "channels"] {
      try folder.pare("score", unit, "model", "--data", "train.tsv", "--out", "\(unit).json")
    }
    let units = ["prune", "model", "--heads", "2", "--channels", "4"]
    try folder.start(units + ["--data", "train.tsv", "--out", "a"]).wait()
    try folder.start(
      units + ["--scores", "heads.json", "--scores", "channels.json", "--out", "b"]
    ).wait()
    #expect(try folder.data("a/model.safetensors") == folder.data("b/model.safetensors"))
  }

  @Test func flagsThatDoNotGoTogetherAreRefused() throws {
    let folder = try Sample.folder()
    for arguments in [
      [], ["--heads", "1", "--plan", "plan.json"], ["--plan", "p.json", "--scores", "s.json"],
      ["--heads", "1", "--scores", "s.json", "--steps", "2"], ["--heads", "1", "--scope", "all"],
      ["--heads", "1", "--criterion", "taste"], ["--heads", "1", "--reconstruct", "all"],
    ] {
      let outcome = try folder.start(["prune", "model", "--out", "new"] + arguments).wait()
      #expect(outcome.status == 64 && !folder.has("new"), "\(arguments)")
    }
  }

  @Test func savedAndEditedScoresAreFollowed() throws {
    let folder = try Sample.folder()
    try folder.pare(
      "score", "heads", "model", "--data", "train.tsv", "--out", "scores.json")
    let arguments = ["prune", "model", "--heads", "2"]
    try folder.start(arguments + ["--data", "train.tsv", "--out", "a"]).wait()
    try folder.start(arguments + ["--scores", "scores.json", "--out", "b"]).wait()
    #expect(try folder.data("a/model.safetensors") == folder.data("b/model.safetensors"))
    var scores = try StrictJSON.decode(
      ImportanceScores.self, contentsOf: folder["scores.json"])
    scores.values = [[9, 1, 9], [9, 9, 0]]
    try folder.write("scores.json", try StrictJSON.encode(scores))
    try folder.start(arguments + ["--scores", "scores.json", "--out", "c"]).wait()
    let model = try SavedClassifier(contentsOf: folder["model"]).classifier
    var plan = PruningPlan(keepingAllOf: model.configuration)
    plan.remove(.heads, [(0, 1), (1, 2)])
    #expect(
      try SavedClassifier(contentsOf: folder["c"]).classifier == model.pruned(by: plan))
  }

  @Test func fineTuningFollowsAndTheModelCanReplaceItsParent() throws {
    let folder = try Sample.folder()
    let outcome = try folder.pare(
      "prune", "model", "--heads", "3", "--data", "train.tsv", "--fine-tune", "2", "--validation",
      "test.tsv", "--test", "test.tsv", "--out", "model", "--store", "F16")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try heads(folder, "model").reduce(0, +) == 3)
    #expect(folder.has("model/metrics.jsonl"))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    #expect(names.sorted() == ["model", "test.tsv", "train.tsv"])
  }

  @Test func wrongBudgetsPlansAndScoresLeaveNothing() throws {
    let folder = try Sample.folder()
    try write("other.json", in: folder) { $0.sizes.layers.removeLast() }
    try write("twice.json", in: folder) { $0.layers[0].heads = [0, 0] }
    try write("outside.json", in: folder) { $0.layers[1].neurons = [32] }
    try write("empty.json", in: folder) { $0.channels = [] }
    try folder.write("key.json", #"{"layers": [], "cut": 3}"#)
    try folder.write(
      "scores.json", #"{"unit": "heads", "criterion": "random", "values": [[1, 2]]}"#)
    let before = try folder.contents()
    func failure(_ arguments: String...) throws -> Outcome {
      try folder.start(["prune", "model", "--out", "new"] + arguments).wait()
    }
    expectFailure(try failure("--heads", "1.5"), "heads", "0.0 to 1.0", "1.5")
    expectFailure(try failure("--heads", "7", "--data", "train.tsv"), "0 to 6", "found 7")
    expectFailure(try failure("--heads", "all"), "a count such as 12", "all")
    expectFailure(try failure("--heads", "2"), "gate-gradient", "--data")
    expectFailure(try failure("--heads", "2", "--data", "none.tsv"), "none.tsv")
    expectFailure(try failure("--heads", "2", "--fine-tune", "1"), "--fine-tune", "--data")
    expectFailure(
      try failure("--heads", "2", "--steps", "0", "--data", "train.tsv"), "--steps", "0")
    expectFailure(
      try failure("--heads", "2", "--examples", "0", "--data", "train.tsv"), "--examples", "0")
    expectFailure(try failure("--plan", "none.json"), "none.json")
    expectFailure(try failure("--plan", "other.json"), "heads [3, 3]", "heads [3]")
    expectFailure(try failure("--plan", "twice.json"), "layer 0: heads", "each once")
    expectFailure(try failure("--plan", "outside.json"), "layer 1: neurons: 32 is not there")
    expectFailure(try failure("--plan", "empty.json"), "no channels stay")
    expectFailure(try failure("--plan", "key.json"), "key.json")
    expectFailure(
      try failure("--channels", "1.0", "--criterion", "magnitude"), "no channels stay")
    expectFailure(
      try failure("--neurons", "2", "--scores", "scores.json"), "--scores", "neurons")
    expectFailure(
      try failure("--heads", "2", "--criterion", "magnitude", "--reconstruct", "least-squares"),
      "--data")
    expectFailure(
      try failure("--heads", "1", "--scores", "scores.json"), "[3, 3]", "scores of [2]")
    #expect(try folder.contents() == before)
  }
}
