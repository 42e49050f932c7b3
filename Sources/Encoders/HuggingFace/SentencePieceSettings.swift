// How a SentencePiece model treats text, from the bytes of its file.

import Foundation

/// The settings in a model's file that another implementation needs; the library itself gives only
/// pieces and scores.
///
/// The file is a protobuf message (`ModelProto` of sentencepiece_model.proto, SentencePiece 0.2);
/// fields that are not there have the defaults of that definition.
struct SentencePieceSettings {
  /// Whether pieces have probabilities; otherwise they are merges.
  var isUnigram = true
  /// Whether characters that the vocabulary has not become bytes.
  var hasByteFallback = false
  /// The compiled table of what is replaced by what; empty where nothing is.
  var replacements = Data()
  /// Whether text is treated as the library's defaults say: a space is put before it, several are
  /// one, and white space belongs to the word that follows.
  var hasUsualWhiteSpace = true

  /// `nil` for bytes that are no sound message.
  init?(_ model: Data) {
    guard let fields = Self.fields(of: model[...]) else { return nil }
    for (number, value) in fields {
      guard case .bytes(let message) = value, number == 2 || number == 3 else { continue }
      guard let settings = Self.fields(of: message) else { return nil }
      for (setting, value) in settings {
        switch (number, setting, value) {
        case (2, 3, .number(let kind)): isUnigram = kind == 1
        case (2, 24, .number(let isSuffix)) where isSuffix != 0: hasUsualWhiteSpace = false
        case (2, 35, .number(let isOn)): hasByteFallback = isOn != 0
        case (3, 2, .bytes(let table)): replacements = table
        case (3, 3...5, .number(let isOn)) where isOn == 0: hasUsualWhiteSpace = false
        default: continue
        }
      }
    }
  }

  private enum Value {
    case number(UInt64)
    case bytes(Data)
  }

  /// The fields of a message in the order of its bytes.
  private static func fields(of message: Data) -> [(number: UInt64, value: Value)]? {
    var rest = message
    var fields: [(number: UInt64, value: Value)] = []
    while !rest.isEmpty {
      guard let key = number(&rest) else { return nil }
      switch key & 7 {
      case 0:
        guard let value = number(&rest) else { return nil }
        fields.append((key >> 3, .number(value)))
      case 1, 5:
        let width = key & 7 == 1 ? 8 : 4
        guard rest.count >= width else { return nil }
        rest = rest.dropFirst(width)
      case 2:
        guard let length = number(&rest), length <= UInt64(rest.count) else { return nil }
        fields.append((key >> 3, .bytes(rest.prefix(Int(length)))))
        rest = rest.dropFirst(Int(length))
      default: return nil
      }
    }
    return fields
  }

  /// A number in groups of seven bits, the lowest first.
  private static func number(_ rest: inout Data) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}
