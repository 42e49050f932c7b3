// What is made sure of before the bytes of a SentencePiece model are handed to the C++ library.

import Foundation

/// The fields of a protocol buffer, one after another, with the few that the library trusts.
struct SentencePieceCheck {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  /// A model of 250,000 pieces takes 5 MB.
  static let largest = 100_000_000

  /// Throws where the library would read out of bounds. What it refuses itself is left to it.
  static func check(_ model: Data) throws(TextError) {
    var check = SentencePieceCheck([UInt8](model)[...])
    // Rules for encoding and for decoding.
    try check.forEachField { (number, content) throws(TextError) in
      guard number == 3 || number == 5 else { return }
      var rules = SentencePieceCheck(content)
      try rules.forEachField { (number, content) throws(TextError) in
        if number == 2, !content.isEmpty { _ = try NormalizationRules(content) }
      }
    }
  }

  /// The rules for encoding, if the model has any.
  static func encodingRules(of model: Data) throws(TextError) -> NormalizationRules? {
    var found: ArraySlice<UInt8> = []
    var fields = SentencePieceCheck([UInt8](model)[...])
    try fields.forEachField { (number, content) throws(TextError) in
      guard number == 3 else { return }
      var rules = SentencePieceCheck(content)
      // As in any protocol buffer, the last of several is right.
      try rules.forEachField { (number, content) throws(TextError) in
        if number == 2 { found = content }
      }
    }
    return found.isEmpty ? nil : try NormalizationRules(found)
  }

  private init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// Calls `body` with each field that holds bytes.
  private mutating func forEachField(
    _ body: (UInt64, ArraySlice<UInt8>) throws(TextError) -> Void
  ) throws(TextError) {
    while position < bytes.endIndex {
      let tag = try number()
      // The library drops higher bits, and would see another field.
      guard tag <= UInt32.max else { throw truncated }
      switch tag & 7 {
      case 0: _ = try number()
      case 1: try skip(8)
      case 2:
        let start = try length()
        position = start.upperBound
        try body(tag >> 3, bytes[start])
      case 5: try skip(4)
      default: throw truncated
      }
    }
  }

  private mutating func number() throws(TextError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard position < bytes.endIndex else { throw truncated }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw truncated
  }

  private mutating func length() throws(TextError) -> Range<Int> {
    let count = try number()
    guard count <= UInt64(bytes.endIndex - position) else { throw truncated }
    return position..<position + Int(count)
  }

  private mutating func skip(_ count: Int) throws(TextError) {
    guard count <= bytes.endIndex - position else { throw truncated }
    position += count
  }

  private var truncated: TextError {
    .unreadableModel(reason: "not a SentencePiece model, or not all of it; copy the file again")
  }
}
