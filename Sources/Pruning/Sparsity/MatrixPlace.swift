// The matrices that single weights are taken out of.

public import Encoders
public import Tensors

/// One of a model's matrices whose weights may become zero. Embeddings are none of them.
public struct MatrixPlace: Hashable, Sendable {
  /// What a matrix does.
  public enum Role: String, CaseIterable, Sendable {
    case queryKeyValue = "attention.queryKeyValue"
    case attentionOutput = "attention.output"
    case up = "feedForward.up"
    case down = "feedForward.down"
    case pooler
  }

  /// The layer, from 0 at the bottom; 0 for the pooler.
  public let layer: Int
  /// What it does there.
  public let role: Role

  /// The parameter's name, such as `layers.0.feedForward.up.weight`.
  public var name: String {
    role == .pooler ? "pooler.weight" : "layers.\(layer).\(role.rawValue).weight"
  }

  /// All of them, in the order of the parameters.
  static func all(layerCount: Int, includingPooler: Bool) -> [MatrixPlace] {
    let layers = (0..<layerCount).flatMap { layer in
      Role.allCases.filter { $0 != .pooler }.map { MatrixPlace(layer: layer, role: $0) }
    }
    return includingPooler ? layers + [MatrixPlace(layer: 0, role: .pooler)] : layers
  }
}

extension SequenceClassifier where P == Linear {
  /// The weights that may become zero, matrix by matrix.
  public func matrices(includingPooler: Bool) -> [(place: MatrixPlace, weight: Tensor)] {
    MatrixPlace.all(layerCount: layers.count, includingPooler: includingPooler).map {
      ($0, self[$0].weight)
    }
  }

  /// The linear map at a place.
  subscript(place: MatrixPlace) -> Linear {
    get {
      switch place.role {
      case .queryKeyValue: layers[place.layer].attention.queryKeyValue
      case .attentionOutput: layers[place.layer].attention.output
      case .up: layers[place.layer].feedForward.up
      case .down: layers[place.layer].feedForward.down
      case .pooler: pooler
      }
    }
    set {
      switch place.role {
      case .queryKeyValue: layers[place.layer].attention.queryKeyValue = newValue
      case .attentionOutput: layers[place.layer].attention.output = newValue
      case .up: layers[place.layer].feedForward.up = newValue
      case .down: layers[place.layer].feedForward.down = newValue
      case .pooler: pooler = newValue
      }
    }
  }
}
