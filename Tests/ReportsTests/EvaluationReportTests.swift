import Foundation
import Reports
import Testing
import Text
import Training

@Suite struct EvaluationReportTests {
  /// Six examples of two labels; the model is wrong on the last two.
  private let labels = [0, 0, 1, 1, 1, 1]
  private let answers = [0, 0, 1, 1, 0, 0]

  private var dataset: Dataset {
    let kinds = ["plain", "irony", "plain", "irony", "irony", "plain"]
    let examples = labels.indices.map { index in
      Example(
        text: "text \(index)", label: labels[index],
        fields: ["kind": kinds[index], "id": "\(index)", "same": "x"])
    }
    return Dataset(examples: examples, labelNames: ["no", "yes"])
  }

  private var predictions: Predictions {
    Predictions(logits: answers.map { $0 == 0 ? [2, 0] : [0, 2] }, labels: labels)
  }

  @Test func figuresFollowFromTheAnswers() {
    let report = EvaluationReport(predictions, on: dataset, training: nil)
    #expect(report.count == 6 && report.accuracy == 4.0 / 6)
    #expect(report.interval == Interval(successes: 4, of: 6))
    let (right, wrong) = (log(1 + exp(-2.0)), log(1 + exp(2.0)))
    #expect(abs(report.loss - (4 * right + 2 * wrong) / 6) < 1e-6)
    // F1 of "no": 2·2/(4 + 2), of "yes": 2·2/(2 + 4).
    #expect(abs(report.f1 - 2.0 / 3) < 1e-12)
  }

  @Test func theMajorityIsABaseline() throws {
    let report = EvaluationReport(predictions, on: dataset, training: nil)
    let majority = try #require(report.baselines.first)
    #expect(report.baselines.count == 1 && majority.name == "majority")
    #expect(majority.accuracy == 4.0 / 6 && majority.interval == Interval(successes: 4, of: 6))
    // The model alone is right on two, the majority alone on two others.
    #expect(majority.pValue == 1)
  }

  @Test func baselinesLearnFromTrainingData() throws {
    let rows = (0..<9).map { Example(text: "text no", label: $0 < 6 ? 0 : 1) }
    let training = Dataset(examples: rows, labelNames: ["no", "yes"])
    let report = EvaluationReport(predictions, on: dataset, training: training)
    #expect(report.baselines.map(\.name) == ["majority", "bag of words"])
    // "no" is the more frequent label there, and is right twice here.
    #expect(report.baselines.allSatisfy { $0.accuracy == 2.0 / 6 })
    // Only the model is right on two examples, on none the baseline alone: 2 · (1/2)².
    #expect(report.baselines.allSatisfy { $0.pValue == 0.5 })
  }

  @Test func columnsWithFewValuesAreSlices() {
    let report = EvaluationReport(predictions, on: dataset, training: nil)
    // "same" has one value and "id" six.
    #expect(report.slices.filter { $0.column == "same" }.isEmpty)
    #expect(report.slices.filter { $0.column == "id" }.count == 6)
    let kinds = report.slices.filter { $0.column == "kind" }
    #expect(kinds.map(\.value) == ["irony", "plain"])
    #expect(kinds.map(\.count) == [3, 3])
    #expect(kinds.allSatisfy { $0.accuracy == 2.0 / 3 })
    #expect(kinds.allSatisfy { $0.interval == Interval(successes: 2, of: 3) })
  }

  @Test func identifiersAreNoSlices() {
    let examples = (0..<21).map { Example(text: "", label: 0, fields: ["id": "\($0)"]) }
    let report = EvaluationReport(
      Predictions(logits: examples.map { _ in [1, 0] }, labels: examples.map { _ in 0 }),
      on: Dataset(examples: examples, labelNames: ["a", "b"]), training: nil)
    #expect(report.slices.isEmpty)
  }

  @Test func aMissingValueIsAValue() {
    var examples = dataset.examples
    examples[0].fields["kind"] = nil
    let report = EvaluationReport(
      predictions, on: Dataset(examples: examples, labelNames: ["no", "yes"]), training: nil)
    #expect(report.slices.filter { $0.column == "kind" }.map(\.value) == ["", "irony", "plain"])
  }

  @Test func noExamplesAreNoFailure() {
    let report = EvaluationReport(
      Predictions(logits: [], labels: []), on: Dataset(examples: [], labelNames: ["a", "b"]),
      training: nil)
    #expect(report.count == 0 && report.accuracy == 0 && report.slices.isEmpty)
    #expect(report.interval == Interval(low: 0, high: 1))
  }

  @Test func itsKeysAreThoseDocumented() throws {
    let report = EvaluationReport(predictions, on: dataset, training: nil)
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report))
    let keys = try #require(object as? [String: Any]).keys.sorted()
    #expect(
      keys == ["accuracy", "baselines", "count", "f1", "interval", "loss", "slices"])
    let again = try JSONDecoder().decode(
      EvaluationReport.self, from: JSONEncoder().encode(report))
    #expect(again.accuracy == report.accuracy && again.slices.count == report.slices.count)
  }
}
