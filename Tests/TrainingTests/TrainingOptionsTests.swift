import Foundation
import Tensors
import Testing
import Training

@Suite struct TrainingOptionsTests {
  /// The learning rates of a run of 20 steps.
  private func rates(_ change: (inout TrainingOptions) -> Void) throws -> [Float] {
    var options = ToyProblem.options
    options.epochs = 4
    options.learningRate = 0.01
    change(&options)
    var rates: [Float] = []
    _ = try trained(options, on: try ToyProblem.data(validation: 0)) { event in
      if case .step(let step, of: 20, _, _, let rate, _) = event {
        #expect(step == rates.count + 1)
        rates.append(rate)
      }
    }
    return rates
  }

  private func isClose(_ found: [Float], _ expected: [Double]) -> Bool {
    found.count == expected.count
      && zip(found, expected).allSatisfy { abs(Double($0) - $1) < 1e-8 }
  }

  @Test func rateRisesToItsPeakAndFallsInALine() throws {
    let found = try rates { $0.warmup = 0.2 }
    let rising = [0.0025, 0.005, 0.0075, 0.01]
    let falling = (0..<16).map { 0.01 * Double(16 - $0) / 16 }
    #expect(isClose(found, rising + falling))
  }

  @Test func rateFallsAlongHalfACosine() throws {
    let found = try rates {
      $0.warmup = 0
      $0.decay = .cosine
    }
    #expect(isClose(found, (0..<20).map { 0.005 * (1 + cos(.pi * Double($0) / 20)) }))
  }

  @Test func rateStaysWhereItIsTold() throws {
    let found = try rates {
      $0.warmup = 0.1
      $0.decay = .constant
    }
    #expect(isClose(found, [0.005] + Array(repeating: 0.01, count: 19)))
  }

  @Test(arguments: LearningRateDecay.allCases)
  func aRunMayBeWarmupAltogether(decay: LearningRateDecay) throws {
    let found = try rates {
      $0.warmup = 1
      $0.decay = decay
    }
    #expect(isClose(found, (1...20).map { 0.01 * Double($0) / 20 }))
  }

  @Test func everyNumberOutsideItsRangeIsNamed() {
    let wrong: [(String, (inout TrainingOptions) -> Void)] = [
      ("epochs", { $0.epochs = -1 }), ("batch", { $0.batchSize = 0 }),
      ("learning-rate", { $0.learningRate = -1e-5 }), ("learning-rate", { $0.learningRate = .nan }),
      ("learning-rate", { $0.learningRate = 10 }), ("warmup", { $0.warmup = 1.1 }),
      ("warmup", { $0.warmup = -0.1 }), ("warmup", { $0.warmup = .nan }),
      ("weight-decay", { $0.weightDecay = -1 }), ("weight-decay", { $0.weightDecay = .infinity }),
      ("clip", { $0.clipNorm = -1 }), ("clip", { $0.clipNorm = .infinity }),
      ("beta1", { $0.beta1 = 1 }), ("beta2", { $0.beta2 = 1 }), ("beta2", { $0.beta2 = -0.1 }),
      ("epsilon", { $0.epsilon = 0 }), ("epsilon", { $0.epsilon = .nan }),
      ("dropout", { $0.dropout = 1 }), ("attention-dropout", { $0.attentionDropout = -0.1 }),
      ("label-smoothing", { $0.labelSmoothing = 1 }), ("patience", { $0.patience = -1 }),
      ("save-interval", { $0.saveInterval = .infinity }),
      ("save-interval", { $0.saveInterval = .nan }), ("save-interval", { $0.saveInterval = -1 }),
    ]
    for (name, change) in wrong {
      var options = TrainingOptions()
      change(&options)
      let error = #expect(throws: TrainingError.self, "\(name)") {
        try Trainer(options, on: Device(threads: 1))
      }
      guard case .invalidOption(name, _, _) = error else {
        Issue.record("\(String(describing: error)) for \(name)")
        continue
      }
      #expect(error?.description.hasPrefix("\(name): expected ") == true)
    }
  }

  @Test func defaultsAndExtremesAreAccepted() throws {
    try TrainingOptions().validate()
    var options = TrainingOptions()
    (options.epochs, options.batchSize, options.learningRate) = (0, 1, 0)
    (options.warmup, options.weightDecay, options.clipNorm) = (1, 0, 0)
    (options.dropout, options.beta1, options.saveInterval) = (0, 0, 0)
    try options.validate()
  }
}
