// Single gates, whatever their kind.

public import Encoders
public import Tensors

/// Where one gate stands.
public enum GatePlace: Hashable, Sendable {
  case layer(Int)
  case head(layer: Int, Int)
  case neuron(layer: Int, Int)
  case channel(Int)

  /// Every gate of a model.
  public static func all(of configuration: EncoderConfiguration) -> [GatePlace] {
    configuration.layers.enumerated().flatMap { layer, shape in
      [.layer(layer)] + (0..<shape.headCount).map { .head(layer: layer, $0) }
        + (0..<shape.intermediateSize).map { .neuron(layer: layer, $0) }
    } + (0..<configuration.hiddenSize).map { .channel($0) }
  }
}

extension Gates {
  /// The gate at a place.
  public subscript(place: GatePlace) -> Float {
    get {
      switch place {
      case .layer(let layer): layers[layer].layer
      case .head(let layer, let head): layers[layer].heads[head]
      case .neuron(let layer, let neuron): layers[layer].neurons[neuron]
      case .channel(let channel): channels[channel]
      }
    }
    set {
      switch place {
      case .layer(let layer): layers[layer].layer = newValue
      case .head(let layer, let head): layers[layer].heads[head] = newValue
      case .neuron(let layer, let neuron): layers[layer].neurons[neuron] = newValue
      case .channel(let channel): channels[channel] = newValue
      }
    }
  }
}

extension GateGradients {
  /// All of them, layer by layer, the channels' last.
  public var tensors: [Tensor] {
    layers.flatMap { [$0.layer, $0.heads, $0.neurons] } + [channels]
  }

  /// The gradients of one gate, each sequence's own.
  public func gradients(at place: GatePlace) -> [Float] {
    let (tensor, column) =
      switch place {
      case .layer(let layer): (layers[layer].layer, 0)
      case .head(let layer, let head): (layers[layer].heads, head)
      case .neuron(let layer, let neuron): (layers[layer].neurons, neuron)
      case .channel(let channel): (channels, channel)
      }
    return (0..<tensor.shape[0]).map { tensor.row($0)[column] }
  }
}
