// layers=4,hidden=256,heads=8,ffn=1024

import ArgumentParser
import Pare

/// The shape of a new model, every layer alike, as one argument.
struct ModelShape: ExpressibleByArgument, CustomStringConvertible {
  private(set) var layers = 4
  private(set) var hidden = 256
  private(set) var heads = 8
  private(set) var feedForward = 1024
  private(set) var positions = 128
  private(set) var vocabulary = 8000

  init() {}

  /// Reads `name=number` pairs; what is not named keeps its default.
  init?(argument: String) {
    for pair in argument.split(separator: ",") {
      let parts = pair.split(separator: "=")
      guard parts.count == 2, let number = Int(parts[1]), number >= 0 else { return nil }
      switch parts[0] {
      case "layers": layers = number
      case "hidden": hidden = number
      case "heads": heads = number
      case "ffn": feedForward = number
      case "positions": positions = number
      case "vocabulary": vocabulary = number
      default: return nil
      }
    }
    guard hidden > 0, positions > 2, heads == 0 || hidden % heads == 0 else { return nil }
  }

  var description: String {
    "layers=\(layers),hidden=\(hidden),heads=\(heads),ffn=\(feedForward),positions=\(positions)"
  }

  var defaultValueDescription: String { description }

  func configuration(vocabularySize: Int? = nil, labelCount: Int) -> EncoderConfiguration {
    let layer = LayerShape(
      headCount: heads, headSize: heads == 0 ? hidden : hidden / heads,
      intermediateSize: feedForward)
    return EncoderConfiguration(
      vocabularySize: vocabularySize ?? vocabulary, hiddenSize: hidden,
      maximumPositions: positions, labelCount: labelCount,
      layers: Array(repeating: layer, count: layers))
  }
}
