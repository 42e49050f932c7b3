// pare inspect

import ArgumentParser
import Foundation
import Pare

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Sizes by part, the shape of each layer, cost and history of a model.",
    discussion: """
      pare inspect Models/reviews
      pare inspect Models/reviews --length 32 --json
      """)

  @Argument(help: "A model's folder.")
  var model: String

  @Option(help: "The tokens that multiply-adds are counted for; 128, or all positions if fewer.")
  var length: Int?

  @OptionGroup var common: OutputOptions

  private struct Parts: Encodable {
    let embeddings, attention, feedForward, head, total: Int

    init(_ parts: Cost.Parts) {
      (embeddings, attention) = (parts.embeddings, parts.attention)
      (feedForward, head, total) = (parts.feedForward, parts.head, parts.total)
    }
  }

  private struct Result: Encodable {
    let parameters, bytes, multiplyAdds: Parts
    let length: Int
    let layers: [LayerShape]
    let vocabularySize, hiddenSize, maximumPositions: Int
    let labels: [String]
    let history: [ModelStep]
  }

  func run() throws {
    let saved = try SavedClassifier(argument: model)
    let configuration = saved.classifier.configuration
    let most = configuration.maximumLength
    let length = length ?? min(128, most)
    guard (1...most).contains(length) else {
      throw InputError("--length: expected 1 to \(most), the model's positions, found \(length)")
    }
    let cost = configuration.cost(sequenceLength: length)
    let bytes = try bytesByPart(saved)
    try common.report(
      Result(
        parameters: Parts(cost.parameters), bytes: Parts(bytes),
        multiplyAdds: Parts(cost.multiplyAdds), length: length, layers: configuration.layers,
        vocabularySize: configuration.vocabularySize, hiddenSize: configuration.hiddenSize,
        maximumPositions: configuration.maximumPositions, labels: saved.labelNames,
        history: saved.card.steps))

    var parts = Table(["part", "parameters", "file", "multiply-adds at \(length) tokens"])
    let rows: [(String, KeyPath<Cost.Parts, Int>)] = [
      ("embeddings", \.embeddings), ("attention", \.attention), ("feed-forward", \.feedForward),
      ("pooler and classifier", \.head), ("total", \.total),
    ]
    for (name, path) in rows {
      parts.add([
        name, Format.count(cost.parameters[keyPath: path]), Format.bytes(bytes[keyPath: path]),
        Format.count(cost.multiplyAdds[keyPath: path]),
      ])
    }
    common.say(parts.text)
    var layers = Table(["layer", "heads", "head size", "neurons"])
    for (index, layer) in configuration.layers.enumerated().reversed() {
      layers.add(
        ["\(index)", "\(layer.headCount)", "\(layer.headSize)", "\(layer.intermediateSize)"])
    }
    common.say("\n" + layers.text)
    common.say(
      "\nhidden size \(configuration.hiddenSize), vocabulary \(configuration.vocabularySize), "
        + "at most \(configuration.maximumLength) tokens, "
        + "labels \(saved.labelNames.joined(separator: ", "))")
    for step in saved.card.steps {
      let arguments = step.arguments.joined(separator: " ")
      let figures = step.figures.sorted { $0.key < $1.key }
        .map { "\($0.key) \(String(format: "%.4g", $0.value))" }
      common.say("history: \(step.command) \(arguments)")
      if !figures.isEmpty { common.say("         " + figures.joined(separator: ", ")) }
    }
  }

  /// What each part takes in the weights file.
  private func bytesByPart(_ saved: SavedClassifier) throws -> Cost.Parts {
    let url = URL(fileURLWithPath: model).appendingPathComponent("model.safetensors")
    let file = try SafetensorsFile(contentsOf: url)
    var parts = Cost.Parts(embeddings: 0, attention: 0, feedForward: 0, head: 0)
    for name in file.names {
      let path: WritableKeyPath<Cost.Parts, Int> =
        if name.hasPrefix("embeddings.") {
          \.embeddings
        } else if name.contains(".attention.") {
          \.attention
        } else if name.contains(".feedForward.") {
          \.feedForward
        } else {
          \.head
        }
      parts[keyPath: path] += file.byteCount(of: name)
    }
    return parts
  }
}
