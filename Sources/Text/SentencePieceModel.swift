// The C++ library's model as a Swift object; with the training, the only unsafe code of this
// module.

import CSentencePiece
import Foundation

/// Owns a model of the C++ library: a class, because the model is freed with its last reference.
///
/// The library encodes and decodes without changing the model, so it may be shared by threads.
final class SentencePieceModel: Sendable {
  private nonisolated(unsafe) let pointer: OpaquePointer
  let size: Int

  private init(_ load: (inout OpaquePointer?) -> UnsafeMutablePointer<CChar>?) throws(TextError) {
    var loaded: OpaquePointer?
    let failure = takeFailure(load(&loaded))
    guard let loaded, failure == nil else {
      throw .unreadableModel(reason: failure ?? "no memory")
    }
    pointer = loaded
    size = Int(csp_size(loaded))
  }

  convenience init(serialized: Data) throws(TextError) {
    try SentencePieceCheck.check(serialized)
    try self.init { model in
      serialized.withUnsafeBytes { csp_load_bytes($0.baseAddress, $0.count, &model) }
    }
  }

  deinit {
    csp_free_model(pointer)
  }

  func serialized() throws(TextError) -> Data {
    var bytes: UnsafeMutablePointer<CChar>?
    var count = 0
    defer { csp_free(bytes) }
    if let failure = takeFailure(csp_serialize(pointer, &bytes, &count)) {
      throw .unreadableModel(reason: failure)
    }
    return bytes.map { Data(bytes: $0, count: count) } ?? Data()
  }

  func encode(_ text: String) throws(TextError) -> [Int32] {
    var ids: UnsafeMutablePointer<Int32>?
    var count = 0
    defer { csp_free(ids) }
    var text = text
    let failure = text.withUTF8 {
      takeFailure(csp_encode(pointer, $0.baseAddress, $0.count, &ids, &count))
    }
    if let failure { throw .encodingFailed(reason: failure) }
    return Array(UnsafeBufferPointer(start: ids, count: count))
  }

  /// The best segmentations of a text, at most `limit`, with the logarithms of their probabilities.
  func candidates(
    for text: String, limit: Int
  ) throws(TextError) -> [(ids: [Int32], score: Float)] {
    var found = csp_candidates()
    defer { csp_free_candidates(&found) }
    var text = text
    let failure = text.withUTF8 {
      takeFailure(
        csp_encode_candidates(pointer, $0.baseAddress, $0.count, Int32(clamping: limit), &found))
    }
    if let failure {
      throw failure.contains("not available")
        ? .samplingUnsupported : .encodingFailed(reason: failure)
    }
    var start = 0
    let lengths = UnsafeBufferPointer(start: found.lengths, count: found.count)
    let scores = UnsafeBufferPointer(start: found.scores, count: found.count)
    return zip(lengths, scores).map { length, score in
      defer { start += length }
      let ids = found.ids.map { UnsafeBufferPointer(start: $0 + start, count: length) }
      return (ids.map(Array.init) ?? [], score)
    }
  }

  /// The text of ids, which must be in `0 ..< size`.
  func decode(_ ids: [Int32]) -> String {
    var text: UnsafeMutablePointer<CChar>?
    var count = 0
    defer { csp_free(text) }
    let failure = takeFailure(csp_decode(pointer, ids, ids.count, &text, &count))
    precondition(failure == nil, "ids inside the vocabulary can be decoded, but \(failure ?? "")")
    return String(decoding: UnsafeRawBufferPointer(start: text, count: count), as: UTF8.self)
  }

  func id(of piece: String) -> Int32? {
    var piece = piece
    let id = piece.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { csp_id(pointer, $0.baseAddress, $0.count) }
    }
    return id < 0 ? nil : id
  }

  func piece(_ id: Int32) -> String {
    var count = 0
    let bytes = csp_piece(pointer, checked(id), &count)
    return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  func score(_ id: Int32) -> Float {
    csp_score(pointer, checked(id))
  }

  func kind(_ id: Int32) -> csp_kind {
    csp_kind_of(pointer, checked(id))
  }

  private func checked(_ id: Int32) -> Int32 {
    precondition((0..<size).contains(Int(id)), "id must be in 0 ..< \(size), found \(id)")
    return id
  }
}

/// The text of an error of the C interface, without the library's place in its source; frees it.
func takeFailure(_ failure: UnsafeMutablePointer<CChar>?) -> String? {
  guard let failure else { return nil }
  defer { csp_free(failure) }
  let text = String(cString: failure)
  guard text.hasPrefix("./src/") || text.hasPrefix("src/") else { return text }
  let meaning = text.split(separator: "] ", omittingEmptySubsequences: false).dropFirst()
  let words = meaning.joined(separator: "] ").trimmingCharacters(in: .whitespaces)
  return words.isEmpty ? text : words
}
