// The criteria for single weights by name.

public import Encoders
import Tensors

/// The ways to tell how much a single weight matters.
public enum WeightCriterion: String, Codable, CaseIterable, Sendable {
  /// Its absolute value (Han et al., 2015, arXiv:1506.02626).
  case magnitude
  /// By chance: the floor that every criterion has to beat.
  case random
}

extension WeightScores {
  /// |w| of each weight.
  public init(magnitudesOf model: DenseClassifier, includingPooler: Bool = false) {
    self.init(
      model.matrices(includingPooler: includingPooler).map { place, weight in
        (place, Tensor(weight.elements.map(abs), shape: weight.shape))
      })
  }

  /// Uniform random scores.
  public init(randomFor model: DenseClassifier, seed: UInt64, includingPooler: Bool = false) {
    var stream = RandomStream(seed, 0x57a25e)
    self.init(
      model.matrices(includingPooler: includingPooler).map { place, weight in
        let scores = (0..<weight.count).map { _ in Float(stream.uniform()) }
        return (place, Tensor(scores, shape: weight.shape))
      })
  }
}
