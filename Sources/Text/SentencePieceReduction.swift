// A SentencePiece model with fewer pieces, everything else as its file has it.

import Foundation

extension SentencePieceTokenizer: ReducibleTokenizer {
  /// Adds the special pieces, bytes and single characters; in a unigram model the pieces of least
  /// and greatest score, and in a byte-pair model the pieces that merging passes through.
  public func needed(by ids: Set<Int32>) throws(TextError) -> Set<Int32> {
    try SentencePieceFile(serialized).needed(by: ids)
  }

  public func cut(to kept: KeptTokens) throws(TextError) -> SentencePieceTokenizer {
    try SentencePieceTokenizer(serialized: SentencePieceFile(serialized).cut(to: kept))
  }
}

/// The pieces of a model, and the bytes of its file around them.
///
/// The file is a protobuf message (`ModelProto` of sentencepiece_model.proto, SentencePiece 0.2).
struct SentencePieceFile {
  /// The types of pieces that the definition has.
  enum Kind: UInt64 {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  struct Piece {
    /// Its place in the file.
    var text = 0..<0
    var score: Float = 0
    var kind = Kind.normal
  }

  let bytes: [UInt8]
  private(set) var pieces: [Piece] = []
  /// How text becomes pieces; 1 is unigram, 2 byte pairs.
  private var algorithm: UInt64 = 1

  init(_ model: Data) throws(TextError) {
    bytes = [UInt8](model)
    var fields = ProtobufFields(bytes, in: 0..<bytes.count)
    while let field = try fields.next() {
      guard case .bytes(let content) = field.value else { continue }
      switch field.number {
      case 1: pieces.append(try piece(content))
      case 2:
        var settings = ProtobufFields(bytes, in: content)
        while let setting = try settings.next() {
          if setting.number == 3, case .number(let value) = setting.value { algorithm = value }
        }
      default: break
      }
    }
  }

  private func piece(_ message: Range<Int>) throws(TextError) -> Piece {
    var piece = Piece()
    var fields = ProtobufFields(bytes, in: message)
    while let field = try fields.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let text)): piece.text = text
      case (2, .fixed(let place)) where place.count == 4:
        piece.score = Float(
          bitPattern: bytes[place].reversed().reduce(0) { $0 << 8 | UInt32($1) })
      // The library does not see a type that it does not know.
      case (3, .number(let kind)): piece.kind = Kind(rawValue: kind) ?? piece.kind
      default: break
      }
    }
    return piece
  }

  func needed(by ids: Set<Int32>) throws(TextError) -> Set<Int32> {
    var needed = ids
    var (least, greatest): (Int?, Int?)
    for (id, piece) in pieces.enumerated() {
      switch piece.kind {
      case .unknown, .control, .userDefined, .byte:
        needed.insert(Int32(id))
      case .unused:
        // Byte pairs may merge to one and come apart again.
        if algorithm == 2 { needed.insert(Int32(id)) }
      case .normal:
        if bytes[piece.text].isSingleScalar { needed.insert(Int32(id)) }
        if piece.score < (least.map { pieces[$0].score } ?? .infinity) { least = id }
        if piece.score > (greatest.map { pieces[$0].score } ?? -.infinity) { greatest = id }
      }
    }
    switch algorithm {
    case 1:
      // What an unknown character costs follows from the least score, what a piece of the user's
      // own gains from the greatest: with others, other segmentations would be best.
      for id in [least, greatest] { if let id { needed.insert(Int32(id)) } }
    case 2:
      let merges = MergePaths(self)
      for id in needed { needed.formUnion(try merges.path(to: id)) }
    default: break
    }
    return needed
  }

  /// The file of these pieces, in their old order.
  func cut(to kept: KeptTokens) throws(TextError) -> Data {
    var result: [UInt8] = []
    var fields = ProtobufFields(bytes, in: 0..<bytes.count)
    var next: Int32 = 0
    while let field = try fields.next() {
      guard case .bytes(let content) = field.value else {
        result += bytes[field.whole]
        continue
      }
      switch field.number {
      case 1:
        if kept.newID(next) != nil { result += bytes[field.whole] }
        next += 1
      case 2: result.appendField(2, try training(content, kept))
      // Segmentations by all pieces, which the library compares with its own when it loads a model.
      case 4: break
      default: result += bytes[field.whole]
      }
    }
    return Data(result)
  }

  /// The settings of training, with the size and the ids of special pieces that are now true.
  private func training(
    _ message: Range<Int>, _ kept: KeptTokens
  ) throws(TextError) -> [UInt8] {
    var result: [UInt8] = []
    var fields = ProtobufFields(bytes, in: message)
    while let field = try fields.next() {
      switch (field.number, field.value) {
      case (4, .number):
        result.appendField(4, UInt64(kept.ids.count))
      case (40...43, .number(let old)):
        let id = Int32(exactly: old).flatMap { kept.newID($0) }
        if let id { result.appendField(field.number, UInt64(id)) } else { fallthrough }
      default: result += bytes[field.whole]
      }
    }
    return result
  }
}
