import Foundation
import Testing

@Suite struct HelpTests {
  @Test(arguments: [
    ["inspect"], ["import"], ["export"], ["tokenizer", "train"], ["tokenizer", "encode"], ["train"],
    ["evaluate"],
    ["predict"], ["score"], ["sensitivity"], ["prune"], ["distill"], ["bench"],
  ])
  func everyCommandShowsExamplesOfItself(command: [String]) throws {
    let folder = try Folder()
    let outcome = try folder.start(command + ["--help"]).wait()
    let name = (["pare"] + command).joined(separator: " ")
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(outcome.text.components(separatedBy: "\n\(name) ").count >= 3, "two examples")
    #expect(outcome.text.contains("USAGE: \(name)") && outcome.text.contains("--json"))
  }

  @Test func theRootNamesAllCommandsAndStatuses() throws {
    let folder = try Folder()
    for arguments in [[], ["--help"], ["help"]] as [[String]] {
      let outcome = try folder.start(arguments).wait()
      #expect(outcome.status == 0)
      for name in [
        "inspect", "import", "export", "tokenizer", "train", "evaluate", "predict", "score",
        "sensitivity", "prune", "distill", "bench",
        "Exit status",
      ] { #expect(outcome.text.contains(name)) }
    }
    #expect(try folder.pare("--version").lines == ["0.1.0"])
  }

  @Test(arguments: [
    ["fly"], ["train"], ["evaluate", "model"], ["inspect", "--fast"], ["score", "words", "model"],
    ["score", "heads", "model", "--criterion", "luck"], ["prune", "model", "--out", "new"],
    ["prune", "model", "--heads", "1", "--plan", "plan.json", "--out", "new"],
    ["prune", "model", "--heads", "1", "--scores", "s.json", "--steps", "2", "--out", "new"],
    ["prune", "model", "--heads", "1", "--out", "new", "--resume"],
    ["bench", "model", "--precision", "f8"], ["bench", "--data", "test.tsv"],
    ["predict", "model", "--logits", "text"], ["predict", "model", "text", "--data", "test.tsv"],
    ["train", "--data", "train.tsv", "--out", "new", "--shape", "layers=two"],
    ["train", "--data", "train.tsv", "--out", "new", "--shape", "hidden=10,heads=3"],
    ["train", "--data", "train.tsv", "--out", "new", "--from", "model", "--shape", "layers=1"],
    ["train", "--data", "train.tsv", "--out", "new", "--epochs", "many"],
  ])
  func wrongUseIsStatus64(arguments: [String]) throws {
    let folder = try Sample.folder()
    let outcome = try folder.start(arguments).wait()
    expectFailure(outcome, status: 64, "Error: ")
    #expect(outcome.output.isEmpty && !folder.has("new"))
  }
}
