// Which weights of a model stay.

public import Encoders
import Foundation
public import Tensors

/// The weights that stay of some of a model's matrices. A value of its own: it can be saved, looked
/// at and applied later, alone or as part of a plan.
public struct WeightMask: Equatable, Sendable {
  /// The pattern whose blocks its bits stand for.
  public let pattern: SparsityPattern
  /// A mask for each matrix, by the parameter's name; matrices that are not named stay as they are.
  public internal(set) var matrices: [String: MatrixMask]

  /// A mask of given matrices.
  init(pattern: SparsityPattern, matrices: [String: MatrixMask]) {
    (self.pattern, self.matrices) = (pattern, matrices)
  }

  /// The mask that keeps all.
  public init(
    keepingAllOf model: DenseClassifier, pattern: SparsityPattern, includingPooler: Bool = false
  ) {
    self.pattern = pattern
    matrices = [:]
    for (place, weight) in model.matrices(includingPooler: includingPooler) {
      matrices[place.name] = MatrixMask(keepingAllOf: weight.shape, block: pattern.block)
    }
  }

  /// The mask that keeps all blocks but those that are zero in `model` already.
  init(
    zeroBlocksOf model: DenseClassifier, pattern: SparsityPattern, includingPooler: Bool
  ) {
    self.pattern = pattern
    matrices = [:]
    for (place, weight) in model.matrices(includingPooler: includingPooler) {
      let sizes = weight.absolute.blockScores(pattern.block, .sum)
      matrices[place.name] = MatrixMask(
        sizes.map { $0 != 0 }, block: pattern.block, shape: weight.shape)
    }
  }

  /// The mask of a model that is sparse already, weight by weight: of every matrix in which at
  /// least one weight of a hundred is exactly zero. A model that was never made sparse has no such
  /// matrix, and gives `nil`.
  public init?(zerosOf model: DenseClassifier) {
    var matrices: [String: MatrixMask] = [:]
    for (place, weight) in model.matrices(includingPooler: true) where weight.count > 0 {
      let isKept = weight.elements.map { $0 != 0 }
      guard isKept.count(where: { !$0 }) * 100 >= weight.count else { continue }
      matrices[place.name] = MatrixMask(isKept, block: BlockShape(1, 1), shape: weight.shape)
    }
    guard !matrices.isEmpty else { return nil }
    self.init(pattern: .weights, matrices: matrices)
  }

  /// The names of its matrices, sorted.
  public var names: [String] { matrices.keys.sorted() }

  /// Weights of its matrices, and how many of them stay.
  public var weightCount: Int { matrices.values.reduce(0) { $0 + $1.shape[0] * $1.shape[1] } }
  public var keptCount: Int { matrices.values.reduce(0) { $0 + $1.keptWeightCount } }

  /// The share of its matrices' weights that go; 0 of none.
  public var ratio: Double {
    weightCount == 0 ? 0 : 1 - Double(keptCount) / Double(weightCount)
  }

  /// Throws unless every matrix is there in a model, with the same sizes.
  public func validate(for model: DenseClassifier) throws(SparsityError) {
    let matrices = model.matrices(includingPooler: true)
    let known = Dictionary(uniqueKeysWithValues: matrices.map { ($0.place.name, $0.weight) })
    for name in names {
      guard let mask = self.matrices[name], let weight = known[name] else {
        throw .otherModel(matrix: name, expected: "one of the encoder's matrices", found: "none")
      }
      guard mask.shape == weight.shape else {
        throw .otherModel(matrix: name, expected: "\(weight.shape)", found: "\(mask.shape)")
      }
    }
  }

  /// Sets the weights of `model` that go to zero, exactly.
  public func apply(
    to model: inout DenseClassifier, on device: Device
  ) throws(SparsityError) {
    try validate(for: model)
    Masking(self).apply(to: &model, on: device)
  }
}

extension WeightMask: Codable {
  private struct Matrix: Codable {
    var shape: [Int]
    var bits: Data  // base64 in JSON
  }

  private enum Key: String, CodingKey { case pattern, matrices }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    pattern = try container.decode(SparsityPattern.self, forKey: .pattern)
    matrices = [:]
    for (name, matrix) in try container.decode([String: Matrix].self, forKey: .matrices) {
      let bytes = Array(matrix.bits)
      guard let mask = MatrixMask(bytes: bytes, block: pattern.block, shape: matrix.shape) else {
        throw DecodingError.dataCorruptedError(
          forKey: .matrices, in: container,
          debugDescription: "\(name): expected a bit for each block of \(pattern) in a matrix of "
            + "the shape \(matrix.shape), found \(bytes.count) bytes")
      }
      matrices[name] = mask
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(pattern, forKey: .pattern)
    try container.encode(
      matrices.mapValues { Matrix(shape: $0.shape, bits: Data($0.bytes)) }, forKey: .matrices)
  }
}
