import Distillation
import Encoders
import Tensors
import TestSupport
import Testing

/// Teachers that a student cannot learn from.
@Suite struct DistillationErrorTests {
  private func error(
    teacher: EncoderConfiguration = Fixture.teacherSizes,
    student: EncoderConfiguration = Fixture.studentSizes,
    _ options: DistillationOptions = DistillationOptions()
  ) -> DistillationError? {
    #expect(throws: DistillationError.self) {
      try Fixture.objective(
        options, teacher: DenseClassifier(teacher, seed: 1), student: student)
    }
  }

  @Test func unsoundOptionsAreRefused() {
    var options = DistillationOptions()
    options.temperature = 0
    #expect(
      error(options)
        == .invalidOption(name: "temperature", expected: "0.01 to 1000", found: "0.0"))
  }

  @Test func otherNumbersOfLabelsAreRefused() {
    let student = Fixture.configuration(heads: [1], labelCount: 2)
    #expect(error(student: student) == .otherLabels(teacher: 3, student: 2))
  }

  @Test func teachersThatReadOtherTokensAreRefused() {
    var teacher = Fixture.teacherSizes
    teacher.vocabularySize = 13
    #expect(
      error(teacher: teacher)
        == .otherInput(what: "pieces of the vocabulary", teacher: 13, student: 12))
    teacher = Fixture.teacherSizes
    teacher.maximumPositions = 15
    #expect(
      error(teacher: teacher) == .otherInput(what: "tokens at most", teacher: 15, student: 16))
    teacher = Fixture.teacherSizes
    teacher.tokenTypeCount = 1
    #expect(
      error(teacher: teacher) == .otherInput(what: "types of tokens", teacher: 1, student: 2))
  }

  @Test func teachersWithoutTypesReadAll() throws {
    var teacher = Fixture.teacherSizes
    teacher.tokenTypeCount = 0
    _ = try Fixture.objective(DistillationOptions(), teacher: DenseClassifier(teacher, seed: 1))
  }

  @Test func otherWidthsAreRefusedWhereHiddenStatesCount() throws {
    let narrow = Fixture.configuration(heads: [1, 1], hiddenSize: 20)
    #expect(
      error(student: narrow, Fixture.options(hidden: 1)) == .otherWidth(teacher: 24, student: 20))
    _ = try Fixture.objective(Fixture.options(soft: 1), student: narrow)
  }

  @Test(arguments: [
    ([0, 1], "expected one of the teacher's for each of the student's 24, found 2"),
    (Array(1...24), "24 is not there; the teacher has 24, counted from 0"),
    (Array(-1...22), "-1 is not there; the teacher has 24, counted from 0"),
  ])
  func channelsThatAreNotThereAreRefused(channels: [Int], reason: String) {
    var options = Fixture.options(hidden: 1)
    options.channels = channels
    #expect(error(options) == .invalidChannels(reason: reason))
  }

  @Test func layersThatAreNotThereAreRefused() {
    let expected = DistillationError.invalidLayerMap(
      reason: "layer 4 is not there; the teacher has 4, counted from 0")
    #expect(error(Fixture.options(hidden: 1, map: .given([0, 4]))) == expected)
  }

  @Test(arguments: [
    (
      DistillationError.invalidOption(name: "temperature", expected: "0.01 to 1000", found: "0.0"),
      "temperature: expected 0.01 to 1000, found 0.0"
    ),
    (
      .otherLabels(teacher: 3, student: 2),
      "the teacher tells 3 labels apart, the student 2; train a teacher on the student's labels"
    ),
    (
      .otherInput(what: "tokens at most", teacher: 15, student: 16),
      "the teacher reads other sequences: tokens at most, it has 15, the student 16; a student "
        + "needs its teacher's tokenizer"
    ),
    (
      .otherWidth(teacher: 24, student: 20),
      "hidden states of the teacher have 24 channels, the student's 20; name the channels that "
        + "stayed of the teacher's, or leave hidden states out"
    ),
    (.invalidChannels(reason: "why"), "channels: why"),
    (.invalidLayerMap(reason: "why"), "layer map: why"),
  ])
  func everyErrorSaysWhatToDo(error: DistillationError, text: String) {
    #expect("\(error)" == text)
  }
}
