// What a model is worth on labeled data.

public import Text
public import Training

/// The figures of one evaluation; `pare evaluate --json` prints it.
public struct EvaluationReport: Codable, Sendable {
  /// A way to answer that any model should beat.
  public struct Baseline: Codable, Sendable {
    /// `majority` or `bag of words`.
    public let name: String
    /// Its share of right answers, and how sure that is.
    public let accuracy: Double
    public let interval: Interval
    /// Of McNemar's exact test against the model, on the same examples.
    public let pValue: Double
  }

  /// The examples that have one value in one column.
  public struct Slice: Codable, Sendable {
    /// The column and its value.
    public let column, value: String
    /// The number of examples, the share of right answers, and how sure that is.
    public let count: Int
    public let accuracy: Double
    public let interval: Interval
  }

  /// The number of examples.
  public let count: Int
  /// The share of right answers, and its 95 % interval.
  public let accuracy: Double
  public let interval: Interval
  /// The mean of −log p(label), and the macro-averaged F1 score.
  public let loss, f1: Double
  /// What simpler ways reach.
  public let baselines: [Baseline]
  /// The same for every value of every column that has few.
  public let slices: [Slice]

  /// Measures predictions on `dataset`; the baselines learn from `training` where it is given.
  public init(_ predictions: Predictions, on dataset: Dataset, training: Dataset?) {
    let correct = predictions.isCorrect
    count = correct.count
    accuracy = predictions.accuracy
    interval = Interval(successes: correct.count { $0 }, of: count)
    loss = predictions.loss
    f1 = predictions.f1
    let source = training ?? dataset
    let majority = Self.majority(of: source)
    var answers = [("majority", dataset.examples.map { _ in majority })]
    if let training {
      answers.append(("bag of words", BagOfWords(training).answers(dataset.examples)))
    }
    baselines = answers.map { name, answers in
      let isRight = zip(answers, predictions.labels).map { $0 == $1 }
      let rightCount = isRight.count { $0 }
      return Baseline(
        name: name, accuracy: Double(rightCount) / Double(max(1, isRight.count)),
        interval: Interval(successes: rightCount, of: isRight.count),
        pValue: PairedTest(correct, isRight).pValue)
    }
    slices = Self.slices(dataset, correct)
  }

  private static func majority(of dataset: Dataset) -> Int {
    var counts = [Int](repeating: 0, count: max(1, dataset.labelNames.count))
    for example in dataset.examples { if let label = example.label { counts[label] += 1 } }
    return counts.indices.reduce(0) { counts[$1] > counts[$0] ? $1 : $0 }
  }

  /// Columns with 2 to 20 values are slices; more is an identifier, fewer says nothing.
  private static func slices(_ dataset: Dataset, _ correct: [Bool]) -> [Slice] {
    let columns = Set(dataset.examples.flatMap { $0.fields.keys }).sorted()
    return columns.flatMap { column in
      let groups = Dictionary(grouping: dataset.examples.indices) {
        dataset.examples[$0].fields[column] ?? ""
      }
      guard (2...20).contains(groups.count) else { return [Slice]() }
      return groups.sorted { $0.key < $1.key }.map { value, members in
        let right = members.count { correct[$0] }
        return Slice(
          column: column, value: value, count: members.count,
          accuracy: Double(right) / Double(members.count),
          interval: Interval(successes: right, of: members.count))
      }
    }
  }
}
