// SentencePiece models small enough to be mutated: a trained one has 240 KB of normalization rules.

import Foundation

/// The fields of a protocol buffer, as far as seeds need them.
private enum Field {
  static func encoded(_ number: Int, _ bytes: Data) -> Data {
    var data = Data([UInt8(number << 3 | 2)])
    var rest = bytes.count
    while rest > 127 {
      data.append(UInt8(rest & 127 | 128))
      rest >>= 7
    }
    return data + [UInt8(rest)] + bytes
  }

  /// A field that holds a small number.
  static func encoded(_ number: Int, _ value: UInt8) -> Data { Data([UInt8(number << 3), value]) }

  static func encoded(_ number: Int, _ value: Float) -> Data {
    let bits = value.bitPattern
    return Data([UInt8(number << 3 | 5)])
      + (0..<4).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }
  }

  /// Where each field of a message with only such fields lies; a model is one.
  static func ranges(_ message: [UInt8]) -> [(number: Int, range: Range<Int>)] {
    var fields: [(number: Int, range: Range<Int>)] = []
    var position = 0
    while position < message.count {
      let start = position
      var length = 0
      var shift = 0
      repeat {
        position += 1
        length |= Int(message[position] & 127) << shift
        shift += 7
      } while message[position] > 127
      position += length + 1
      fields.append((Int(message[start] >> 3), start..<position))
    }
    return fields
  }
}

/// The model without normalization, with a rule, and with the same rule for decoding.
func smallSentencePieces(of model: Data) -> [Data] {
  let bytes = [UInt8](model)
  let normalizer = 3
  let plain = Field.ranges(bytes).filter { $0.number != normalizer }
    .reduce(into: Data()) { $0 += bytes[$1.range] }
  let rules = Field.encoded(1, Data("x".utf8)) + Field.encoded(2, oneRule())
  return [plain, plain + Field.encoded(3, rules), plain + Field.encoded(5, rules)]
}

/// Models that begin as XLM-RoBERTa's does, unigram and byte-pair.
func smallXLMRobertaModels() -> [Data] {
  let (normal, unknown, control): (UInt8, UInt8, UInt8) = (1, 2, 3)
  var pieces = [("<unk>", unknown), ("<s>", control), ("</s>", control)]
  pieces += ["▁", "f", "i", "l", "m", "▁a", "il", "▁f", "é"].map { ($0, normal) }
  var fields = Data()
  for (index, (piece, type)) in pieces.enumerated() {
    let score = type == normal ? -Float(index) : 0
    fields += Field.encoded(
      1, Field.encoded(1, Data(piece.utf8)) + Field.encoded(2, score) + Field.encoded(3, type))
  }
  let (unigram, bytePair): (UInt8, UInt8) = (1, 2)
  return [unigram, bytePair].map { fields + Field.encoded(2, Field.encoded(3, $0)) }
}

/// "X" becomes "y": the length of a trie, the trie as a double array (darts-clone), and texts.
private func oneRule() -> Data {
  var units = [UInt32](repeating: 0, count: 256)
  let label = UInt32(UInt8(ascii: "X"))
  let hasLeaf: UInt32 = 1 << 8
  units[0] = 0x80 << 10
  units[0x80 ^ Int(label)] = label | hasLeaf | (0x80 ^ label ^ 1) << 10
  units[1] = 1 << 31
  let words = [UInt32(units.count * 4)] + units
  let trie = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
  return Data(trie + [UInt8(ascii: "y"), 0])
}
