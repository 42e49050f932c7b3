import Distillation
import Encoders
import Tensors
import TestSupport
import Testing
import Text
import Training

/// What the objective is made of, and what it does not depend on.
@Suite struct DistillationObjectiveTests {
  private static let mixes = [
    Fixture.options(soft: 1), Fixture.options(hidden: 1),
    Fixture.options(soft: 0.7, hard: 0.4, hidden: 0.5),
  ]

  /// The teacher's weights are packed, the student's are not: logits differ in the last bits.
  private static let packing = 1e-5

  @Test func aStudentEqualToItsTeacherHasNothingToLearn() throws {
    let examples = try Fixture.examples(6)
    for options in [Fixture.options(soft: 1), Fixture.options(hidden: 1)] {
      let objective = try Fixture.objective(options, student: Fixture.teacherSizes)
      let (loss, gradients) = evaluate(objective, Fixture.teacher, examples)
      #expect(abs(loss) < 1e-9)
      let usual = length(try other(options, examples))
      #expect(length(gradients) < Self.packing * usual)
    }
  }

  /// The gradients of a student that has much to learn.
  private func other(
    _ options: DistillationOptions, _ examples: [LabeledSequence]
  ) throws -> DenseClassifier {
    let student = DenseClassifier.random(Fixture.teacherSizes, seed: 9)
    let objective = try Fixture.objective(options, student: Fixture.teacherSizes)
    return evaluate(objective, student, examples).gradients
  }

  @Test func withoutATeachersShareItIsPlainTraining() throws {
    let examples = try Fixture.examples(6)
    let smoothed = CrossEntropy(labelSmoothing: 0.1)
    let objective = try DistillationObjective(
      teacher: Fixture.teacher, student: Fixture.studentSizes, options: Fixture.options(hard: 1),
      hardLabels: smoothed, on: Device(threads: 1))
    let found = evaluate(objective, Fixture.student, examples)
    let expected = evaluate(smoothed, Fixture.student, examples)
    #expect(found.loss == expected.loss)
    #expect(relativeDifference(found.gradients, expected.gradients) == 0)
  }

  @Test func theLossIsTheWeightedSumOfItsParts() throws {
    let examples = try Fixture.examples(6)
    func loss(_ options: DistillationOptions) throws -> Float {
      evaluate(try Fixture.objective(options), Fixture.student, examples).loss
    }
    let parts = (
      soft: try loss(Fixture.options(soft: 1)), hard: try loss(Fixture.options(hard: 1)),
      hidden: try loss(Fixture.options(hidden: 1))
    )
    let sum = try loss(Fixture.options(soft: 0.7, hard: 0.4, hidden: 0.5))
    #expect(abs(sum - (0.7 * parts.soft + 0.4 * parts.hard + 0.5 * parts.hidden)) < 1e-4)
    #expect(parts.soft > 0.1 && parts.hidden > 0.1)
  }

  @Test func softLabelsAreTheTeachersLogits() throws {
    let examples = try Fixture.examples(6)
    let device = Device(threads: 1)
    let tokens = LabeledBatch(examples).tokens
    let teacher = Fixture.teacher.forward(tokens, on: device).logits
    let expected = SoftLabels(temperature: 2)(
      Fixture.student.forward(tokens, on: device).logits,
      teacher: (0..<6).map { teacher.row($0) })
    let found = evaluate(
      try Fixture.objective(Fixture.options(soft: 1)), Fixture.student, examples)
    #expect(abs(found.loss - expected.value) < Float(Self.packing) * expected.value)
  }

  @Test(arguments: [(LayerMap.uniform, [1, 3]), (.last, [2, 3]), (.given([3, 0]), [3, 0])])
  func hiddenStatesAreThoseOfTheLayersFollowed(map: LayerMap, followed: [Int]) throws {
    let examples = try Fixture.examples(6)
    let device = Device(threads: 1)
    let tokens = LabeledBatch(examples).tokens
    var options = ForwardOptions(isRecording: true)
    options.wantsAllTokens = true
    let student = Fixture.student.forward(tokens, options: options, on: device)
    let teacher = Fixture.teacher.forward(tokens, options: options, on: device)
    func difference(_ layer: Int, firstOnly: Bool) throws -> Double {
      let x = try #require(student.hiddenState(layer + 1))
      let y = try #require(teacher.hiddenState(followed[layer] + 1))
      guard firstOnly else {
        return Oracle.meanSquaredError(Matrix(x), Matrix(y), lengths: tokens.lengths)
      }
      let first = tokens.offsets.dropLast().map { $0 }
      return Oracle.meanSquaredError(
        Matrix(x.rows(at: first)), Matrix(y.rows(at: first)), lengths: first.map { _ in 1 })
    }
    let objective = try Fixture.objective(Fixture.options(hidden: 1, map: map))
    for wantsAllTokens in [false, true] {
      var options = ForwardOptions()
      options.wantsAllTokens = wantsAllTokens
      let found = evaluate(objective, Fixture.student, examples, options: options).loss
      let expected =
        try (difference(0, firstOnly: false) + difference(1, firstOnly: !wantsAllTokens)) / 2
      #expect(abs(Double(found) - expected) < Self.packing * expected)
    }
  }

  @Test func studentsWithFewerChannelsAreComparedOnThese() throws {
    let examples = try Fixture.examples(6)
    let sizes = Fixture.configuration(heads: [1, 2], hiddenSize: 3)
    let student = DenseClassifier.random(sizes, seed: 2)
    var options = Fixture.options(hidden: 1, map: .given([3, 3]))
    options.channels = [5, 20, 1]
    let device = Device(threads: 1)
    let tokens = LabeledBatch(examples).tokens
    var pass = ForwardOptions(isRecording: true)
    pass.wantsAllTokens = true
    let states = student.forward(tokens, options: pass, on: device)
    let teacher = Fixture.teacher.forward(tokens, options: pass, on: device)
    let y = Matrix(try #require(teacher.hidden).columns(at: [5, 20, 1]))
    let expected = try [1, 2].reduce(0) { sum, layer in
      let x = Matrix(try #require(states.hiddenState(layer)))
      return sum + Oracle.meanSquaredError(x, y, lengths: tokens.lengths) / 2
    }
    let objective = try Fixture.objective(options, student: sizes)
    var all = ForwardOptions()
    all.wantsAllTokens = true
    let found = evaluate(objective, student, examples, options: all).loss
    #expect(abs(Double(found) - expected) < Self.packing * expected)
  }

  @Test func studentsWithoutLayersHaveNoneToCompare() throws {
    let sizes = Fixture.configuration(heads: [])
    let objective = try Fixture.objective(Fixture.options(hidden: 1), student: sizes)
    let (loss, gradients) = evaluate(
      objective, DenseClassifier.random(sizes, seed: 2), try Fixture.examples(4))
    #expect(loss == 0 && length(gradients) == 0)
  }

  @Test(arguments: mixes)
  func threadsChangeNothing(options: DistillationOptions) throws {
    let examples = try Fixture.examples(20)
    func run(_ threads: Int) throws -> (loss: Float, gradients: DenseClassifier) {
      let device = Device(threads: threads)
      let objective = try Fixture.objective(options, on: device)
      objective.prepare(examples.prefix(7).map(\.sequence), on: device)
      return evaluate(objective, Fixture.student, examples, on: device)
    }
    let (one, three) = (try run(1), try run(3))
    #expect(one.loss == three.loss)
    #expect(one.gradients == three.gradients)
  }

  @Test(arguments: mixes)
  func askingTwiceOrInOtherCompanyChangesNothing(options: DistillationOptions) throws {
    let examples = try Fixture.examples(20)
    let fresh = evaluate(try Fixture.objective(options), Fixture.student, examples)
    let asked = try Fixture.objective(options)
    for start in [0, 3, 9] {
      _ = evaluate(asked, Fixture.student, Array(examples[start...].reversed()))
    }
    for _ in 0..<2 {
      let again = evaluate(asked, Fixture.student, examples)
      #expect(again.loss == fresh.loss)
      #expect(again.gradients == fresh.gradients)
    }
  }

  @Test(arguments: mixes)
  func theLossIsTheMeanOverExamples(options: DistillationOptions) throws {
    let examples = try Fixture.examples(6)
    let objective = try Fixture.objective(options)
    let together = evaluate(objective, Fixture.student, examples).loss
    let apart = examples.reduce(0) { $0 + evaluate(objective, Fixture.student, [$1]).loss } / 6
    #expect(abs(together - apart) < Float(Tolerance.grouping) * apart)
  }

  @Test func preparedAnswersAreTheSameButForBits() throws {
    let examples = try Fixture.examples(300)
    let device = Device(threads: 2)
    let prepared = try Fixture.objective(Fixture.options(soft: 1))
    var told: [Int] = []
    prepared.prepare(examples.map(\.sequence), on: device) { told.append($0) }
    #expect(told.last == 300 && told == told.sorted())
    let found = evaluate(prepared, Fixture.student, examples)
    let expected = evaluate(
      try Fixture.objective(Fixture.options(soft: 1)), Fixture.student, examples)
    #expect(abs(found.loss - expected.loss) < Float(Self.packing) * expected.loss)
    #expect(relativeDifference(found.gradients, expected.gradients) < Self.packing * 10)
  }

  @Test func nothingIsPreparedWhereNothingIsRemembered() throws {
    let sequences = try Fixture.examples(3).map(\.sequence)
    for options in [Fixture.options(hard: 1), Fixture.options(soft: 1, hidden: 1)] {
      try Fixture.objective(options).prepare(sequences, on: Device(threads: 1)) { _ in
        Issue.record("prepared")
      }
    }
    try Fixture.objective(Fixture.options(soft: 1)).prepare([], on: Device(threads: 1)) { _ in
      Issue.record("prepared")
    }
  }

  @Test func labelsOfNoWeightAreNotLookedAt() throws {
    let examples = try Fixture.examples(6)
    let objective = try Fixture.objective(Fixture.options(soft: 1, hidden: 1))
    let others = examples.map { LabeledSequence($0.sequence, label: ($0.label + 1) % 3) }
    #expect(
      evaluate(objective, Fixture.student, examples).gradients
        == evaluate(objective, Fixture.student, others).gradients)
  }

  @Test func textsOfAPairAreToldApart() throws {
    let examples = try Fixture.examples(6)
    let pairs = examples.map { example in
      var other = example
      other.sequence.typeIDs = other.sequence.ids.indices.map { $0 > 0 ? 1 : 0 }
      return other
    }
    let fresh = evaluate(
      try Fixture.objective(Fixture.options(soft: 1)), Fixture.student, pairs)
    let asked = try Fixture.objective(Fixture.options(soft: 1))
    #expect(evaluate(asked, Fixture.student, examples).loss != fresh.loss)
    #expect(evaluate(asked, Fixture.student, pairs).loss == fresh.loss)
  }

  @Test func itReadsOnlyTheBatchsTokens() throws {
    #expect(try Fixture.objective(DistillationOptions()).readsOnlyTokensOfBatch)
  }

  /// Products in bfloat16 have 8 bits.
  @Test(arguments: [Fixture.options(soft: 1), Fixture.options(hidden: 1)])
  func theTeacherComputesInTheStepsPrecision(options: DistillationOptions) throws {
    let examples = try Fixture.examples(6)
    let narrow = Device(threads: 1, products: .bf16)
    let objective = try Fixture.objective(
      options, student: Fixture.teacherSizes, on: narrow)
    let equal = evaluate(objective, Fixture.teacher, examples, on: narrow)
    #expect(equal.loss == 0 || options.softWeight > 0, "the same products in the same company")
    let wide = evaluate(
      try Fixture.objective(options), Fixture.student, examples
    ).loss
    let found = evaluate(
      try Fixture.objective(options, on: narrow), Fixture.student, examples, on: narrow
    ).loss
    #expect(found != wide && abs(found - wide) < 0.05 * wide)
  }
}

/// The largest difference of any parameter's gradients, in parts of the largest of them.
private func relativeDifference(_ a: DenseClassifier, _ b: DenseClassifier) -> Double {
  zip(a.parameters, b.parameters).reduce(0) {
    max($0, relativeDifference($1.0.tensor, $1.1.tensor))
  }
}
