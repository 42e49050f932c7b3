import Encoders
import Pruning
import Tensors
import TestSupport
import Testing
import Training

/// A criterion and what it scores.
struct Scoring: Sendable, CustomTestStringConvertible {
  let criterion: Criterion
  let unit: PruningUnit

  var testDescription: String { "\(unit.rawValue) by \(criterion.rawValue)" }

  /// Every pair that there is.
  static let all = Criterion.allCases.flatMap { criterion in
    criterion.units.map { Scoring(criterion: criterion, unit: $0) }
  }
}

/// What all criteria hold to.
@Suite struct CriterionTests {
  /// Of the largest score. Scores are means of 32-bit results, which depend in their last bits on
  /// what shares a product; ablation subtracts two losses that are much larger than its scores.
  private func tolerance(_ criterion: Criterion) -> Double { criterion == .ablation ? 2e-4 : 1e-5 }

  @Test(arguments: Scoring.all)
  func scoresDoNotDependOnBatchSizeOrOrder(scoring: Scoring) throws {
    let examples = try Fixture.examples(24)
    var stream = RandomStream(5)
    func scores(_ examples: [LabeledSequence], of size: Int) throws -> [Double] {
      try Fixture.scores(
        scoring.criterion, per: scoring.unit, on: Fixture.batches(examples, of: size)
      ).all
    }
    let expected = try scores(examples, of: 24)
    for (order, size) in [
      (examples, 1), (examples.reversed(), 5), (examples.shuffled(using: &stream), 9),
    ] {
      #expect(
        relativeDifference(try scores(order, of: size), expected) < tolerance(scoring.criterion))
    }
  }

  @Test(arguments: Scoring.all)
  func scoresAreFiniteTellUnitsApartAndDoNotDependOnThreads(scoring: Scoring) throws {
    let batches = Fixture.batches(try Fixture.examples(12), of: 5)
    func scores(threads: Int) throws -> ImportanceScores {
      try Fixture.scores(
        scoring.criterion, per: scoring.unit, on: batches, device: Device(threads: threads))
    }
    let found = try scores(threads: 1)
    try found.validate(for: .uneven)
    #expect(found.unit == scoring.unit && found.criterion == scoring.criterion)
    #expect(Set(found.all).count > 1)
    #expect(try scores(threads: 3) == found)
  }

  @Test(arguments: Scoring.all)
  func modelsWithoutUnitsHaveNoScores(scoring: Scoring) throws {
    let batches = Fixture.batches(try Fixture.examples(4), of: 4)
    for places in [Fixture.places(.heads) + Fixture.places(.neurons), Fixture.places(.layers)] {
      let cut = try Fixture.model.pruned(by: .without(places))
      let scores = try Fixture.scores(
        scoring.criterion, per: scoring.unit, on: batches, of: cut)
      try scores.validate(for: cut.configuration)
    }
  }

  @Test(arguments: Criterion.allCases)
  func criteriaThatLearnFromDataSaySoWithoutAny(criterion: Criterion) throws {
    for unit in criterion.units {
      if criterion.needsData {
        #expect(throws: PruningError.noCalibrationData(criterion: criterion)) {
          try Fixture.scores(criterion, per: unit)
        }
      } else {
        try Fixture.scores(criterion, per: unit).validate(for: .uneven)
      }
    }
  }

  @Test(arguments: Criterion.allCases)
  func unitsThatACriterionKnowsNothingOfAreRefused(criterion: Criterion) throws {
    let batches = Fixture.batches(try Fixture.examples(4), of: 4)
    for unit in PruningUnit.allCases where !criterion.units.contains(unit) {
      #expect(throws: PruningError.notScorable(unit: unit, criterion: criterion)) {
        try Fixture.scores(criterion, per: unit, on: batches)
      }
    }
  }

  @Test func onePassServesSeveralCriteria() throws {
    let batches = Fixture.batches(try Fixture.examples(6), of: 4)
    for unit in Fixture.gatedUnits {
      let names = Criterion.allCases.filter { $0.units.contains(unit) }
      var criteria = names.map { $0.make(for: [unit], seed: 3) }
      var progress: [Int] = []
      calibrate(&criteria, on: batches, through: Fixture.model, device: Fixture.device) {
        progress.append($0)
      }
      #expect(progress == [1, 2])
      for (name, made) in zip(names, criteria) {
        #expect(
          try made.scores(of: Fixture.model, per: unit)
            == Fixture.scores(name, per: unit, on: batches, seed: 3), "\(name)")
      }
    }
  }

  @Test func criteriaWithoutDataNeedNoPass() {
    var criteria = [Criterion.magnitude.make(for: [.heads], seed: 0)]
    calibrate(&criteria, on: [], through: Fixture.model, device: Fixture.device) { _ in
      Issue.record("a batch was looked at")
    }
  }
}
