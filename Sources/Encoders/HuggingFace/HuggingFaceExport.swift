// A model as a folder that the `transformers` library loads.

import Checkpoints
public import Foundation
public import Tensors
import Text

/// A classifier under the names of a ``ModelFamily``, in a shape that the family has.
///
///     let export = try HuggingFaceExport(SavedClassifier(contentsOf: URL(filePath: "Models/reviews")))
///     try export.write(to: URL(filePath: "reviews-transformers"))
public struct HuggingFaceExport: Sendable {
  /// The family that has this model's parts.
  public let family: ModelFamily
  /// What somebody who uses the folder should know of it, in whole sentences.
  public let notes: [String]
  private let saved: SavedClassifier
  private let model: DenseClassifier
  private let tokenizerFiles: [String: Data]

  /// Whether zeros fill the model up to a shape that the family has; the real one then lies beside,
  /// in the folder `pare`.
  public var isFilled: Bool { model.configuration != saved.classifier.configuration }

  /// Finds the family and the shape. Throws `ExportError` where there is none, and `TextError`.
  public init(_ saved: SavedClassifier) throws {
    let configuration = saved.classifier.configuration
    self.saved = saved
    family = try Self.family(of: configuration, saved.tokenizer.vocabulary)
    guard let even = configuration.evenLayer else {
      throw ExportError.inexpressible(
        what: "heads", expected: "heads that fit side by side into \(configuration.hiddenSize)",
        found: configuration.layers.map { "\($0.headCount) of \($0.headSize)" }.listed)
    }
    let isEven = configuration.layers.allSatisfy { $0 == even }
    // Where a model without types must have some, its tokenizer's pairs need a row for each text.
    let rows = Int(saved.tokenizer.vocabulary.secondTextType) + 1
    let hasTypes = family == .distilBERT || configuration.tokenTypeCount > 0
    let types = hasTypes ? configuration.tokenTypeCount : rows
    var notes: [String] = []
    if isEven && types == configuration.tokenTypeCount {
      model = saved.classifier
    } else {
      model = saved.classifier.filled(to: even, tokenTypeCount: types)
      let (before, after) = (saved.classifier.parameterCount, model.parameterCount)
      notes.append(
        "transformers has one shape for all layers: each is filled with zeros to "
          + "\(even.headCount) heads of \(even.headSize) and \(even.intermediateSize) neurons; the "
          + "logits are the same, but \(before) parameters became \(after), and it is as slow as "
          + "it is large; the real model is in the folder pare beside it")
    }
    (tokenizerFiles, notes) = try Self.tokenizerFiles(saved, notes)
    self.notes = notes
  }

  /// The tokenizer's own files, and for a SentencePiece model those that the library reads.
  private static func tokenizerFiles(
    _ saved: SavedClassifier, _ notes: [String]
  ) throws -> (files: [String: Data], notes: [String]) {
    let files = try saved.tokenizer.files()
    guard let tokenizer = saved.tokenizer as? SentencePieceTokenizer else { return (files, notes) }
    guard let library = try LibraryTokenizer(tokenizer) else {
      return (
        files,
        notes + [
          "transformers cannot tokenize for this model by itself: tokenizer.model is no unigram "
            + "model with the usual white space; make ids with pare tokenizer encode --ids"
        ]
      )
    }
    let more = try library.files(for: saved.classifier.configuration)
    let note =
      "transformers reads tokenizer.json, made from tokenizer.model: the same ids for texts in NFC, "
      + "except where marks do not compose with their letter, and for names of special pieces in a text"
    return (files.merging(more) { $1 }, notes + [note])
  }

  private static func family(
    of configuration: EncoderConfiguration, _ vocabulary: Vocabulary
  ) throws(ExportError) -> ModelFamily {
    switch configuration.poolerActivation {
    case .relu:
      // DistilBERT alone has ReLU; its other constants are fixed.
      guard configuration.tokenTypeCount == 0, configuration.firstPosition == 0 else {
        throw .inexpressible(
          what: "head with ReLU", expected: "no token types and positions from 0, as in DistilBERT",
          found: "\(configuration.tokenTypeCount) types, positions from "
            + "\(configuration.firstPosition)")
      }
      guard configuration.layerNormEpsilon == 1e-12 else {
        throw .inexpressible(
          what: "normalization", expected: "an epsilon of 1e-12, as in DistilBERT",
          found: "\(configuration.layerNormEpsilon)")
      }
      return .distilBERT
    case .tanh:
      guard configuration.firstPosition > 0 else { return .bert }
      guard Int(vocabulary.padding) == configuration.firstPosition - 1 else {
        throw .inexpressible(
          what: "positions",
          expected: "the first to be that of the padding, \(vocabulary.padding), and one",
          found: "\(configuration.firstPosition)")
      }
      return .xlmRoBERTa
    }
  }

  /// Writes the folder beside `folder` and renames it: config.json, model.safetensors and the
  /// tokenizer's files; in `pare` the model as it is, where `isFilled`.
  public func write(to folder: URL, as type: ElementType = .f32) throws {
    let configuration = try StrictJSON.encode(
      FamilyConfiguration.fields(
        family, model.configuration, saved.labelNames, saved.tokenizer.vocabulary, type))
    try AtomicFile.writeFolder(folder) { folder in
      func put(_ data: Data, _ name: String) throws {
        try AtomicFile.write(data, to: folder.appendingPathComponent(name))
      }
      try put(configuration, "config.json")
      for (name, data) in tokenizerFiles { try put(data, name) }
      try SafetensorsFile.write(
        tensors, as: type, metadata: ["format": "pt"],
        to: folder.appendingPathComponent("model.safetensors"))
      if isFilled { try saved.write(to: folder.appendingPathComponent("pare"), as: type) }
    }
  }

  /// The model's tensors under the family's names; queries, keys and values apart.
  private var tensors: [(name: String, tensor: Tensor)] {
    model.parameters.flatMap { name, tensor in
      let names = family.tensorNames(of: name, prefix: family.prefix)
      guard names.count > 1 else { return names.map { ($0, tensor) } }
      let rows = tensor.shape[0] / names.count
      return names.enumerated().map { index, name in
        (name, tensor.rows(at: Array(index * rows..<(index + 1) * rows)))
      }
    }
  }
}
