// layers=4,hidden=256,heads=8,ffn=1024

import ArgumentParser
import Foundation
import Pare

/// The shape of a new model, every layer alike, as one argument.
struct ModelShape: ExpressibleByArgument, CustomStringConvertible {
  private(set) var layers = 4
  private(set) var hidden = 256
  private(set) var heads = 8
  private(set) var feedForward = 1024
  private(set) var positions = 128
  private(set) var vocabulary: Int?

  /// No size of a model that somebody means is larger.
  private static let most = 1 << 24

  init() {}

  /// Reads `name=number` pairs; what is not named keeps its default.
  init?(argument: String) {
    for pair in argument.split(separator: ",") {
      let parts = pair.split(separator: "=")
      guard parts.count == 2, let number = Int(parts[1]), (0...Self.most).contains(number)
      else { return nil }
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
    guard hidden > 0, positions > 2, layers <= 1024, vocabulary != 0 else { return nil }
    guard heads == 0 || hidden % heads == 0 else { return nil }
  }

  var description: String {
    "layers=\(layers),hidden=\(hidden),heads=\(heads),ffn=\(feedForward),positions=\(positions)"
  }

  var defaultValueDescription: String { description }

  /// The configuration; throws for a model that this machine has no memory for.
  func configuration(
    vocabularySize: Int? = nil, labelCount: Int
  ) throws -> EncoderConfiguration {
    let layer = LayerShape(
      headCount: heads, headSize: heads == 0 ? hidden : hidden / heads,
      intermediateSize: feedForward)
    let configuration = EncoderConfiguration(
      vocabularySize: vocabularySize ?? vocabulary ?? 8000, hiddenSize: hidden,
      maximumPositions: positions, labelCount: labelCount,
      layers: Array(repeating: layer, count: layers))
    let parameters = Double(configuration.cost(sequenceLength: 1).parameters.total)
    // Weights, gradients and two moments, in four bytes each.
    let (needed, there) = (parameters * 16, Double(ProcessInfo.processInfo.physicalMemory))
    guard needed < there else {
      throw InputError(
        "--shape: expected a model that trains in this machine's "
          + String(format: "%.0f GB, found one that takes %.0f GB", there / 1e9, needed / 1e9))
    }
    return configuration
  }
}
