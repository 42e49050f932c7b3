// pare inspect

import ArgumentParser
import Foundation
import Pare

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Sizes by part, the shape of each layer, cost, memory and history of a model.",
    discussion: """
      pare inspect Models/reviews
      pare inspect Models/reviews --length 32 --json
      pare inspect all-MiniLM-L6-v2 --json

      Memory is what reading the folder took: weights in 32-bit floats stay in the mapped file, \
      whose pages come as they are used and belong to the system.
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
    let parameters, bytes, maskBytes, zeros, multiplyAdds: Parts
    let length: Int
    let layers: [LayerShape]
    let vocabularySize, hiddenSize, maximumPositions: Int
    let labels: [String]
    let history: [ModelStep]
    let family: ModelFamily?
    let tokenizer: String
    let notes: [String]
    let loadMilliseconds: Double
    let residentBytes, ownBytes: Int?
  }

  func run() throws {
    let (clock, before) = (ContinuousClock(), ProcessMemory())
    let start = clock.now
    let saved = try SavedClassifier(argument: model)
    let milliseconds = start.duration(to: clock.now) / .milliseconds(1)
    let after = ProcessMemory()
    let own = after.flatMap { after in before.map { after.own - $0.own } }
    let mapped = after.flatMap { after in before.map { after.mapped - $0.mapped } }
    let configuration = saved.classifier.configuration
    let most = configuration.maximumLength
    let length = length ?? min(128, most)
    guard (1...most).contains(length) else {
      throw InputError("--length: expected 1 to \(most), the model's positions, found \(length)")
    }
    let cost = configuration.cost(sequenceLength: length)
    let files = try TensorFiles(contentsOf: URL(fileURLWithPath: model))
    let bytes = configuration.storedBytes(in: files, family: saved.family)
    let masks = configuration.storedMaskBytes(in: files, family: saved.family)
    let zeros = zeros(of: saved.classifier)
    try common.report(
      Result(
        parameters: Parts(cost.parameters), bytes: Parts(bytes), maskBytes: Parts(masks),
        zeros: Parts(zeros), multiplyAdds: Parts(cost.multiplyAdds), length: length,
        layers: configuration.layers,
        vocabularySize: configuration.vocabularySize, hiddenSize: configuration.hiddenSize,
        maximumPositions: configuration.maximumPositions, labels: saved.labelNames,
        history: saved.card.steps, family: saved.family, tokenizer: tokenizerKind(saved),
        notes: saved.notes, loadMilliseconds: milliseconds,
        residentBytes: own.flatMap { own in mapped.map { own + $0 } }, ownBytes: own))

    // A few zeros are chance, such as the rows of padding.
    let showsZeros = masks.total > 0 || zeros.total * 100 > cost.parameters.total
    var parts = Table(
      ["part", "parameters", "file", "multiply-adds at \(length) tokens"]
        + (showsZeros ? ["zeros", "values", "masks"] : []))
    let rows: [(String, KeyPath<Cost.Parts, Int>)] = [
      ("embeddings", \.embeddings), ("attention", \.attention), ("feed-forward", \.feedForward),
      ("pooler and classifier", \.head), ("total", \.total),
    ]
    for (name, path) in rows {
      let (parameters, stored) = (cost.parameters[keyPath: path], bytes[keyPath: path])
      var row = [
        name, Format.count(parameters), Format.bytes(stored),
        Format.count(cost.multiplyAdds[keyPath: path]),
      ]
      if showsZeros {
        let mask = masks[keyPath: path]
        row += [
          Format.percent(Double(zeros[keyPath: path]) / Double(max(1, parameters))),
          Format.bytes(stored - mask), Format.bytes(mask),
        ]
      }
      parts.add(row)
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
    let family = saved.family.map { "a checkpoint of the family \($0.rawValue), " } ?? ""
    common.say(family + "tokenizer \(tokenizerKind(saved))")
    let memory = own.map { ", \(Format.bytes($0)) of memory besides the mapped file" } ?? ""
    common.say("read in \(String(format: "%.1f", milliseconds)) ms\(memory)")
    for step in saved.card.steps {
      let arguments = step.arguments.joined(separator: " ")
      let figures = step.figures.sorted { $0.key < $1.key }
        .map { "\($0.key) \(String(format: "%.4g", $0.value))" }
      common.say("history: \(step.command) \(arguments)")
      if !figures.isEmpty { common.say("         " + figures.joined(separator: ", ")) }
    }
  }

  /// Zeros in the matrices of each part.
  private func zeros(of model: DenseClassifier) -> Cost.Parts {
    let zeros = Dictionary(
      uniqueKeysWithValues: model.parameters.filter { $0.tensor.shape.count == 2 }
        .map { ($0.name, $0.tensor.count - Sparsity(of: $0.tensor).nonzeros) })
    return model.configuration.parts { zeros[$0] ?? 0 }
  }

  /// The kind of the tokenizer, as people call it.
  private func tokenizerKind(_ saved: SavedClassifier) -> String {
    switch saved.tokenizer {
    case is SentencePieceTokenizer: "SentencePiece"
    case is WordPieceTokenizer: "WordPiece"
    case is XLMRobertaTokenizer: "SentencePiece with the ids of XLM-RoBERTa"
    default: "\(type(of: saved.tokenizer))"
    }
  }
}
