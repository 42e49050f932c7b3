import Encoders
import Pruning
import Tensors
import TestSupport
import Testing
import Training

@Suite struct AblationTests {
  /// Two means of 32-bit losses are subtracted: 1e-7 of the losses, which are about 1.
  private let tolerance: Double = 2e-6

  @Test(arguments: Fixture.gatedUnits)
  func ablationIsTheRiseOfTheLossWithoutTheUnit(unit: PruningUnit) throws {
    let examples = try Fixture.examples(10)
    func meanLoss(_ model: DenseClassifier) -> Double {
      Predictions(of: model, on: examples, device: Fixture.device).loss
    }
    let scores = try Fixture.scores(.ablation, per: unit, on: Fixture.batches(examples, of: 4))
    let open = meanLoss(Fixture.model)
    for place in Fixture.places(unit) {
      let cut = meanLoss(try Fixture.model.pruned(by: .without([place])))
      let score = Double(scores.values[place.row][place.index])
      #expect(abs(score - (cut - open)) < tolerance, "\(place)")
    }
  }
}
