// Tokenization by a SentencePiece model.

import CSentencePiece
public import Foundation

/// A SentencePiece model, unigram or byte-pair.
///
/// Kudo and Richardson 2018, arXiv:1808.06226. It needs five special pieces, found by name: those
/// of this package's own training (`[PAD] [UNK] [CLS] [SEP] [MASK]`), of ALBERT (`<pad> <unk> [CLS]
/// [SEP] [MASK]`), or `<pad> <unk> <s> </s> <mask>`.
public struct SentencePieceTokenizer: Tokenizer {
  /// The number of pieces, and the ids of the special ones.
  public let vocabulary: Vocabulary
  private let model: SentencePieceModel

  static let fileName = "tokenizer.model"

  /// What a piece of the vocabulary is.
  public enum PieceKind: Sendable {
    /// A part of text.
    case normal
    /// Stands for what the vocabulary does not cover.
    case unknown
    /// A special piece, never found in text.
    case control
    /// Has an id, but never comes from text.
    case unused
    /// One byte of a character that the vocabulary does not have.
    case byte
  }

  /// Reads a model from a file such as `tokenizer.model`.
  public init(contentsOf url: URL) throws(TextError) {
    let data = try BoundedFile.read(url, maximumByteCount: SentencePieceCheck.largest)
    do {
      try self.init(SentencePieceModel(serialized: data))
    } catch .unreadableModel(let reason) {
      throw .unreadableModel(reason: "\(url.path): \(reason)")
    }
  }

  /// Reads a model from the bytes of its file.
  public init(serialized: Data) throws(TextError) {
    try self.init(SentencePieceModel(serialized: serialized))
  }

  private init(_ model: SentencePieceModel) throws(TextError) {
    func id(_ names: String...) throws(TextError) -> Int32 {
      for name in names {
        if let id = model.id(of: name) { return id }
      }
      throw .missingPiece(accepted: names)
    }
    self.model = model
    vocabulary = try Vocabulary(
      size: model.size, padding: id("[PAD]", "<pad>"), unknown: id("[UNK]", "<unk>"),
      classification: id("[CLS]", "<s>"), separator: id("[SEP]", "</s>"),
      mask: id("[MASK]", "<mask>"))
  }

  /// The bytes of the model's file: a tokenizer made from them is equal to this one.
  public var serialized: Data {
    get throws(TextError) { try model.serialized() }
  }

  public func files() throws(TextError) -> [String: Data] { [Self.fileName: try serialized] }

  /// The ids of the best segmentation; about 10 microseconds for a sentence.
  public func encode(_ text: String) throws(TextError) -> [Int32] {
    try model.encode(text)
  }

  /// The text of ids, normalized; an unknown piece becomes ` ⁇ `.
  public func decode(_ ids: some Sequence<Int32>) -> String {
    model.decode(ids.filter { (0..<model.size).contains(Int($0)) })
  }

  /// A random segmentation of a text: subword regularization, to train with.
  ///
  /// Kudo 2018, arXiv:1804.10959. One of the `candidates` best segmentations, each with a chance
  /// in proportion to its probability to the power `alpha`: 0 makes them equally likely, and a
  /// great `alpha` leaves the best. Unlike the library's own sampling, which draws from one hidden
  /// generator, equal arguments give equal ids. Throws for a byte-pair model, which has no
  /// probabilities. The first `limit` ids are given, by the rule of ``Tokenizer/encode(_:limit:)``.
  public func sampleEncode(
    _ text: String, alpha: Float, candidates: Int, random: UInt64, limit: Int = .max
  ) throws(TextError) -> [Int32] {
    precondition(candidates > 0, "at least one candidate is needed, found \(candidates)")
    precondition(alpha >= 0 && alpha.isFinite, "alpha must be 0 or more, found \(alpha)")
    return try firstIDs(of: text, limit: limit) { (window) throws(TextError) in
      let found = try model.candidates(for: window, limit: candidates)
      let best = found.first?.score ?? 0
      let weights = found.map { exp(Double(alpha) * Double($0.score - best)) }
      // The 53 highest bits make a uniform number in 0 ..< 1.
      var remaining = Double(random >> 11) * 0x1p-53 * weights.reduce(0, +)
      for (candidate, weight) in zip(found, weights) {
        remaining -= weight
        if remaining < 0 { return candidate.ids }
      }
      return found.last?.ids ?? []
    }
  }

  /// The id of a piece, or `nil` if the vocabulary does not have it. White space is `▁` in pieces.
  public func id(of piece: String) -> Int32? {
    model.id(of: piece)
  }

  /// The text of a piece; `id` must be in the vocabulary.
  public func piece(_ id: Int32) -> String {
    model.piece(id)
  }

  /// The score of a piece, which is the logarithm of its probability in a unigram model; `id` must
  /// be in the vocabulary.
  public func score(_ id: Int32) -> Float {
    model.score(id)
  }

  /// What a piece is; `id` must be in the vocabulary.
  public func kind(_ id: Int32) -> PieceKind {
    switch model.kind(id) {
    case CSP_UNKNOWN: .unknown
    case CSP_CONTROL: .control
    case CSP_UNUSED: .unused
    case CSP_BYTE: .byte
    default: .normal
    }
  }
}
