import Testing
import Training

@Suite struct TrainingErrorTests {
  private static let errors: [(TrainingError, [String])] = [
    (.notFinite(step: 7, what: "the loss"), ["step 7", "the loss", "--learning-rate"]),
    (.invalidOption(name: "batch", expected: "1 or more", found: "0"), ["batch", "1 or more"]),
    (.noData(what: "train.tsv"), ["train.tsv", "no examples"]),
    (.otherRun(path: "/run", difference: "other sizes"), ["/run", "other sizes", "--resume"]),
    (.interrupted(step: 9), ["step 9", "--resume"]),
  ]

  @Test func everyErrorSaysWhatAndWhatToDo() {
    for (error, words) in Self.errors {
      for word in words { #expect(error.description.contains(word)) }
    }
  }
}
