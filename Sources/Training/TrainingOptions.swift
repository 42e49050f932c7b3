// How to train.

import Foundation
public import Tensors

/// How the learning rate falls after warm-up.
public enum LearningRateDecay: String, Codable, CaseIterable, Sendable {
  /// In a straight line to zero, as BERT was trained.
  case linear
  /// Along half a cosine to zero (Loshchilov & Hutter, 2017, arXiv:1608.03983).
  case cosine
  /// Not at all.
  case constant
}

/// How to train; the defaults are those of fine-tuning BERT (Devlin et al., 2019, appendix A.3)
/// where it names them.
public struct TrainingOptions: Codable, Equatable, Sendable {
  /// Passes over the data.
  public var epochs = 3
  /// Sequences in a step.
  public var batchSize = 32
  /// The highest learning rate, reached after warm-up.
  public var learningRate: Float = 5e-5
  /// The share of all steps in which the rate rises from zero.
  public var warmup: Float = 0.1
  /// How the rate falls after that.
  public var decay = LearningRateDecay.linear
  /// Decoupled decay of matrices; biases and normalizations have none.
  public var weightDecay: Float = 0.01
  /// The longest a gradient may be; 0 leaves it.
  public var clipNorm: Float = 1
  /// Decay rates of AdamW's moments, and the term that keeps its division finite.
  public var beta1: Float = 0.9
  public var beta2: Float = 0.999
  public var epsilon: Float = 1e-8
  /// Dropout of hidden vectors and of attention probabilities.
  public var dropout: Float = 0.1
  public var attentionDropout: Float = 0.1
  /// The share of a target that is spread over all labels.
  public var labelSmoothing: Float = 0
  /// Whether sentences of like length share a batch.
  public var bucketsByLength = true
  /// Epochs without a better model after which training stops; 0 never stops.
  public var patience = 0
  /// Seconds between two savings of the state that `--resume` goes on from; more where saving takes
  /// longer than a twentieth of that.
  public var saveInterval: Double = 30
  /// How the matrix products of a step are computed; weights are 32-bit floats either way.
  public var precision = ProductPrecision.f32
  /// What each layer's learning rate is multiplied by, once for every layer from the top
  /// down, the embeddings once more (Howard & Ruder, 2018, arXiv:1801.06146); 1 trains all alike.
  public var layerDecay: Float = 1
  /// Decides initial weights, order and dropout.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}

  /// The steps of a whole run over so many examples.
  public func stepCount(examples: Int) -> Int { Batching(self).stepCount(examples) * epochs }

  /// What the learning rate of a parameter is multiplied by: pooler and classifier learn at the
  /// full rate, the last layer at `layerDecay` of it, each layer below at that share of the one
  /// above, and the embeddings below all.
  func rateFactor(of name: String, layerCount: Int) -> Float {
    let parts = name.split(separator: ".")
    let depth =
      switch parts.first {
      case "embeddings": layerCount + 1
      case "layers": layerCount - (Int(parts[1]) ?? 0)
      default: 0
      }
    return pow(layerDecay, Float(depth))
  }

  /// The learning rate of step `step`, from 0, of `total`.
  func learningRate(at step: Int, of total: Int) -> Float {
    let warmupSteps = Int(Float(total) * warmup)
    if step < warmupSteps { return learningRate * Float(step + 1) / Float(warmupSteps) }
    let progress = Float(step - warmupSteps) / Float(max(1, total - warmupSteps))
    return switch decay {
    case .linear: learningRate * (1 - progress)
    case .cosine: learningRate * 0.5 * (1 + cos(.pi * progress))
    case .constant: learningRate
    }
  }
}

extension Batching {
  /// Batches as a run with these options makes them.
  init(_ options: TrainingOptions) {
    self.init(
      batchSize: options.batchSize, bucketsByLength: options.bucketsByLength, seed: options.seed)
  }
}
