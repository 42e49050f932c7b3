// The most probable pieces of a text, as the `tokenizers` library finds them.

/// A unigram vocabulary: Kudo 2018, arXiv:1804.10959.
///
/// Gives the ids of the library (0.23) where SentencePiece's own may differ: probabilities are
/// added in 64 bits and word by word, special pieces are found in normalized text, and neighbours
/// without a piece become one unknown.
struct UnigramSegmentation: Sendable {
  private let table: PieceTable
  private let scores: [Double]
  private let unknown: Int32
  private let unknownScore: Double

  /// What the library subtracts from the least score, as SentencePiece does.
  private static let unknownPenalty = 10.0
  /// `▁`, which begins each word.
  private static let wordStart: [UInt8] = [0xE2, 0x96, 0x81]

  /// The pieces by id, with the logarithms of their probabilities.
  init(_ pieces: PieceList, scores: [Double], unknown: Int32) throws(PieceTable.Misfit) {
    table = try PieceTable(pieces, members: 0..<pieces.count)
    self.scores = scores
    self.unknown = unknown
    unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
  }

  /// Appends the ids of a normalized text.
  func encode(_ text: [UInt8], into ids: inout [Int32]) {
    let words = Self.words(text)
    var paths: [Path] = []
    var start = 0
    while start < words.count {
      var end = start + Self.wordStart.count
      while end < words.count, !Self.startsWord(words, end) { end += 1 }
      appendBest(words, start..<end, &paths, into: &ids)
      start = end
    }
  }

  /// Words without white space, each after `▁` unless it begins with that.
  private static func words(_ text: [UInt8]) -> [UInt8] {
    var words: [UInt8] = []
    words.reserveCapacity(text.count + text.count / 2 + 3)
    var isInside = false
    var position = 0
    while position < text.count {
      let scalar = text.scalar(at: position)
      if isWhiteSpace(scalar.value) {
        isInside = false
      } else {
        if !isInside, !startsWord(text, position) { words += wordStart }
        isInside = true
        words += text[position..<scalar.end]
      }
      position = scalar.end
    }
    return words
  }

  @inline(__always)
  private static func startsWord(_ bytes: [UInt8], _ position: Int) -> Bool {
    bytes[position] == wordStart[0] && position + 2 < bytes.count
      && bytes[position + 1] == wordStart[1] && bytes[position + 2] == wordStart[2]
  }

  /// The property White_Space of Unicode, the same in all its versions since 6.3.
  private static func isWhiteSpace(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
      0x3000:
      true
    default: false
    }
  }

  /// The best path that ends at a byte: its last piece, and where that starts.
  private struct Path {
    var score = 0.0
    var start = -1
    var id: Int32 = 0
  }

  /// Appends the ids of a word.
  private func appendBest(
    _ bytes: [UInt8], _ word: Range<Int>, _ paths: inout [Path], into ids: inout [Int32]
  ) {
    paths.removeAll(keepingCapacity: true)
    for _ in 0...word.count { paths.append(Path()) }
    var start = word.lowerBound
    while start < word.upperBound {
      let path = start - word.lowerBound
      let scalarEnd = bytes.scalar(at: start).end
      var hasScalar = false
      func offer(_ id: Int32, _ score: Double, to end: Int) {
        let sum = score + paths[path].score
        let target = end - word.lowerBound
        if paths[target].start < 0 || sum > paths[target].score {
          paths[target] = Path(score: sum, start: start, id: id)
        }
      }
      var hash = PieceTable.seed
      let last = min(word.upperBound, start + table.longest)
      for end in start..<last {
        hash = PieceTable.hash(hash, bytes[end])
        guard end + 1 == word.upperBound || bytes[end + 1] & 0b1100_0000 != 0b1000_0000 else {
          continue
        }
        let id = table.index(hash: hash, of: bytes, from: start, count: end + 1 - start)
        guard id >= 0 else { continue }
        offer(id, scores[Int(id)], to: end + 1)
        if end + 1 == scalarEnd { hasScalar = true }
      }
      if !hasScalar { offer(unknown, unknownScore, to: scalarEnd) }
      start = scalarEnd
    }
    appendPieces(of: paths, bytes, word, into: &ids)
  }

  /// Follows the best path back from its end.
  private func appendPieces(
    of paths: [Path], _ bytes: [UInt8], _ word: Range<Int>, into ids: inout [Int32]
  ) {
    let first = ids.count
    var end = word.upperBound
    while end > word.lowerBound {
      let path = paths[end - word.lowerBound]
      guard path.id == unknown else {
        ids.append(path.id)
        end = path.start
        continue
      }
      var start = path.start
      while start > word.lowerBound, paths[start - word.lowerBound].id == unknown {
        start = paths[start - word.lowerBound].start
      }
      ids.append(id(of: bytes, start..<end))
      end = start
    }
    ids[first...].reverse()
  }

  /// The piece that neighbours without one make together, as the library looks it up, or the
  /// unknown.
  private func id(of bytes: [UInt8], _ range: Range<Int>) -> Int32 {
    guard range.count <= table.longest else { return unknown }
    var hash = PieceTable.seed
    for position in range { hash = PieceTable.hash(hash, bytes[position]) }
    let id = table.index(hash: hash, of: bytes, from: range.lowerBound, count: range.count)
    return id < 0 ? unknown : id
  }
}
