// The pieces that byte-pair merging passes through.

/// Byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909) as SentencePiece does it: of the
/// neighbours that make a piece, those of the greatest score are joined, the leftmost of equals,
/// until none do.
///
/// What is joined inside a piece does not depend on the text around it, as nothing was joined
/// across its ends. So a text whose pieces stay, with all that was joined on the way to each, has
/// the same pieces as before.
struct MergePaths {
  private let file: SentencePieceFile
  private let ids: [ArraySlice<UInt8>: Int32]

  /// The most characters of a piece whose path is looked for, at a cost of their square: as many as
  /// training can be asked for.
  private static let longest = 512

  init(_ file: SentencePieceFile) {
    self.file = file
    var ids: [ArraySlice<UInt8>: Int32] = [:]
    for (id, piece) in file.pieces.enumerated() {
      switch piece.kind {
      case .normal, .userDefined, .unused: ids[file.bytes[piece.text]] = Int32(id)
      case .unknown, .control, .byte: break
      }
    }
    self.ids = ids
  }

  /// The ids of what is joined when the text of a piece is encoded alone, in that order.
  func path(to id: Int32) throws(TextError) -> [Int32] {
    let text = file.pieces[Int(id)].text
    var ends = text.filter {
      $0 + 1 == text.upperBound || file.bytes[$0 + 1] & 0b1100_0000 != 0b1000_0000
    }.map { $0 + 1 }
    guard ends.count <= Self.longest else {
      throw .unsupportedSetting(
        path: SentencePieceTokenizer.fileName, name: "the piece of id \(id)",
        expected: "at most \(Self.longest) characters", found: "\(ends.count)")
    }
    /// What part `index` and the next one make.
    func pair(_ index: Int) -> Int32? {
      guard ends.indices.contains(index + 1) else { return nil }
      let start = index == 0 ? text.lowerBound : ends[index - 1]
      return ids[file.bytes[start..<ends[index + 1]]]
    }
    var pairs = ends.indices.map { pair($0) }
    var path: [Int32] = []
    while let best = best(of: pairs), let joined = pairs[best] {
      path.append(joined)
      ends.remove(at: best)
      pairs.remove(at: best)
      if best > 0 { pairs[best - 1] = pair(best - 1) }
      pairs[best] = pair(best)
    }
    return path
  }

  private func best(of pairs: [Int32?]) -> Int? {
    var best: (index: Int, score: Float)?
    for (index, id) in pairs.enumerated() {
      guard let id else { continue }
      let score = file.pieces[Int(id)].score
      if best.map({ score > $0.score }) ?? true { best = (index, score) }
    }
    return best?.index
  }
}
