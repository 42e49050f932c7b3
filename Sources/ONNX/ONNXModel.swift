// A classifier as an ONNX file, for other engines.

import Checkpoints
public import Encoders
public import Foundation
import SwiftProtobuf

/// A classifier as an ONNX graph of standard operators, with the exact sizes of each layer.
///
/// Inputs are `input_ids`, `attention_mask` (1 for tokens, 0 for padding at the right) and, where
/// the model knows token types, `token_type_ids`: 64-bit integers, [batch, sequence], both sizes
/// free. The output is `logits`, [batch, labels]. Tokenization is not part of the graph.
///
///     let saved = try SavedClassifier(contentsOf: URL(filePath: "Models/reviews"))
///     try ONNXModel(saved, producerVersion: pareVersion).write(to: URL(filePath: "reviews.onnx"))
public struct ONNXModel: Sendable {
  /// The version of the standard operators: 17 is the first with layer normalization (ONNX 1.12,
  /// 2022), so the oldest that does not take it to pieces, which the most engines read.
  static let operatorSetVersion: Int64 = 17
  /// The version of the file format that came with those operators.
  static let formatVersion: Int64 = 8
  /// What protobuf allows a message: one byte less than 2 GiB.
  static let maximumByteCount = Int(Int32.max)

  /// All but the graph.
  private let envelope: ModelProto
  private let graph: GraphProto
  private let initializers: [Initializer]

  /// The graph of a model; it shares the weights' memory. The file tells `producerVersion`; unless
  /// given, that of the card's last step.
  ///
  /// Throws `EncodingError` if the card has figures that JSON cannot say.
  public init(_ saved: SavedClassifier, producerVersion: String? = nil) throws {
    let builder = EncoderGraph(saved.classifier).builder
    (graph, initializers) = (builder.graph, builder.initializers)
    envelope = try ModelProto.with {
      $0.irVersion = Self.formatVersion
      $0.opsetImport = [OperatorSetIdProto.with { $0.version = Self.operatorSetVersion }]
      $0.producerName = "pare"
      $0.producerVersion = producerVersion ?? saved.card.steps.last?.version ?? ""
      $0.docString = """
        A BERT encoder with a classifier on the first token, in 32-bit floats. Its labels, sizes and \
        history are in the metadata, as JSON.
        """
      $0.metadataProps = try metadata(of: saved)
    }
  }

  /// Writes the file beside `url` and renames it.
  ///
  /// Takes, besides the model, the memory of its largest tensor: tensors are written one by one.
  /// Throws `ONNXError` for a model of more than 2 GB, and `CheckpointError`.
  public func write(to url: URL) throws { try write(to: url, limit: Self.maximumByteCount) }

  package func write(to url: URL, limit: Int) throws {
    let envelope: Data = try envelope.serializedBytes()
    let graph: Data = try graph.serializedBytes()
    let tensors = try initializers.map { (initializer: $0, framed: try $0.framed()) }
    let graphByteCount = tensors.reduce(graph.count) {
      $0 + $1.framed.count + $1.initializer.byteCount
    }
    let graphFrame = Data(opening: .graphOfModel, byteCount: graphByteCount)
    let byteCount = envelope.count + graphFrame.count + graphByteCount
    guard byteCount <= limit else {
      throw ONNXError.tooLarge(path: url.path, byteCount: byteCount, maximum: limit)
    }
    try AtomicFile.write(to: url) { handle in
      try handle.write(contentsOf: envelope + graphFrame + graph)
      for (initializer, framed) in tensors {
        try handle.write(contentsOf: framed)
        try handle.write(contentsOf: initializer.bytes)
      }
    }
  }
}
