// Training that makes a model sparse, or keeps it so.

import Foundation
import Pare

extension TrainingSession {
  /// Trains as `way` says; runs before the one that counts have folders of their own beside its
  /// state.
  func train(
    _ model: inout DenseClassifier, as way: Sparsification, keeping mask: WeightMask?,
    on data: TrainingData, objective: some Objective, resume: Bool
  ) throws {
    let count = options.stepCount(examples: try data.training(0).count)
    try way.train(&model, keeping: mask, stepCount: count) { part, model in
      let isLast = part.name == "last"
      if !isLast { run.say(part.name) }
      let session = TrainingSession(
        options: options, run: run, device: device,
        folder: isLast ? folder : folder.appendingPathComponent(part.name))
      try session.train(
        &model, on: data, objective: objective, transform: part.transform, steps: part.steps,
        resume: resume)
    }
  }
}
