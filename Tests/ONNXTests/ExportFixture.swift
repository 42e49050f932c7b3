// Small models of all kinds, written and read back.

import Checkpoints
import Encoders
import Foundation
import ONNX
import SwiftProtobuf
import TestSupport
import Text

/// Shapes that an export must get right, by a name for each.
enum ModelKind: String, CaseIterable {
  case unevenLayers, emptyLastLayer, noLayers, oneLayer, headlessLastLayer, withoutTypes,
    laterPositions

  var configuration: EncoderConfiguration {
    switch self {
    case .unevenLayers: return .uneven
    case .emptyLastLayer: return .odd
    case .noLayers: return .flat
    case .oneLayer:
      return EncoderConfiguration(
        vocabularySize: 13, hiddenSize: 12, maximumPositions: 16, labelCount: 1,
        layers: [LayerShape(headCount: 3, headSize: 1, intermediateSize: 1)])
    case .headlessLastLayer:
      return EncoderConfiguration(
        vocabularySize: 13, hiddenSize: 12, maximumPositions: 16,
        layers: [
          LayerShape(headCount: 2, headSize: 6, intermediateSize: 0),
          LayerShape(headCount: 0, headSize: 6, intermediateSize: 5),
        ])
    case .withoutTypes:  // As DistilBERT.
      return EncoderConfiguration(
        vocabularySize: 13, hiddenSize: 12, maximumPositions: 16, tokenTypeCount: 0,
        poolerActivation: .relu,
        layers: [
          LayerShape(headCount: 3, headSize: 4, intermediateSize: 10),
          LayerShape(headCount: 2, headSize: 4, intermediateSize: 7),
        ])
    case .laterPositions:  // As XLM-R.
      return EncoderConfiguration(
        vocabularySize: 13, hiddenSize: 12, maximumPositions: 16, firstPosition: 2,
        tokenTypeCount: 1, labelCount: 3, layerNormEpsilon: 1e-5,
        layers: Array(
          repeating: LayerShape(headCount: 3, headSize: 4, intermediateSize: 10), count: 2))
    }
  }

  var saved: SavedClassifier {
    let configuration = configuration
    return SavedClassifier(
      classifier: .random(configuration, seed: 5), tokenizer: LetterTokenizer(),
      labelNames: (0..<configuration.labelCount).map { "label \($0)" },
      card: ModelCard(steps: [
        ModelStep(command: "pare train", arguments: ["--seed", "5"], seed: 5, version: "7.8.9")
      ]))
  }
}

/// A piece for each byte; the export looks at no more than its vocabulary.
struct LetterTokenizer: Tokenizer {
  let vocabulary = Vocabulary(size: 11)
  func encode(_ text: String) -> [Int32] { text.utf8.map { Int32($0 % 6 + 5) } }
  func decode(_ ids: some Sequence<Int32>) -> String { ids.map(piece).joined() }
  func piece(_ id: Int32) -> String { String(id) }
  func files() -> [String: Data] { [:] }
}

/// What a reader finds in the file of a model.
func exported(_ saved: SavedClassifier) throws -> ModelProto {
  try withTemporaryFolder { folder in
    let url = folder.appending(path: "model.onnx")
    try ONNXModel(saved).write(to: url)
    return try ModelProto(serializedBytes: Data(contentsOf: url))
  }
}

/// Runs `body` with a folder that is removed after.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "pare-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
