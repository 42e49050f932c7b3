// From the bytes of a text to ids: normalization, words and pieces in one pass.

/// The pieces of words, longest first from the left (Wu et al. 2016, arXiv:1609.08144).
struct WordPieceVocabulary: Sendable {
  /// All pieces by id, with those that only added tokens have.
  let list: PieceList
  /// Pieces that a word can begin with.
  let first: PieceTable
  /// Pieces that go on with a word, without the prefix that tells them.
  let further: PieceTable
  let unknown: Int32
  /// A word of more scalars is unknown.
  let maximumWordLength: Int
}

/// Reads text that is normalized on the way.
///
/// Words of ASCII letters are looked up where they stand; all else goes through a buffer.
struct WordPieceScanner: Sendable {
  let vocabulary: WordPieceVocabulary
  let added: AddedTokens
  let table: ScalarTable

  /// For each byte what its scalar is, and `mayBegin` where an added token may begin with it.
  private let actions: [UInt8]
  /// For each byte of ASCII the byte that is meant.
  private let meanings: [UInt8]
  /// The ids of single bytes of ASCII.
  private let single: [Int32]

  private static let word = UInt8(truncatingIfNeeded: ScalarKind.word.rawValue)
  private static let space = UInt8(truncatingIfNeeded: ScalarKind.space.rawValue)
  private static let punctuation = UInt8(truncatingIfNeeded: ScalarKind.punctuation.rawValue)
  private static let beyondASCII: UInt8 = 0x40
  private static let mayBegin: UInt8 = 0x80

  init(_ vocabulary: WordPieceVocabulary, _ table: ScalarTable, added: AddedTokens) {
    self.vocabulary = vocabulary
    self.table = table
    self.added = added
    var actions = [UInt8](repeating: Self.beyondASCII, count: 256)
    var meanings = [UInt8](repeating: 0, count: 256)
    var single = [Int32](repeating: vocabulary.unknown, count: 128)
    for byte in 0..<128 {
      let meaning = table.meaning(of: UInt32(byte))
      actions[byte] = UInt8(truncatingIfNeeded: meaning.kind.rawValue)
      meanings[byte] = UInt8(truncatingIfNeeded: meaning.scalar)
      let hash = PieceTable.hash(PieceTable.seed, meanings[byte])
      let id = vocabulary.first.index(hash: hash, of: meanings, from: byte, count: 1)
      if id >= 0, vocabulary.maximumWordLength > 0 { single[byte] = id }
    }
    for byte in 0..<256 where added.beginnings[byte] { actions[byte] |= Self.mayBegin }
    self.actions = actions
    self.meanings = meanings
    self.single = single
  }

  /// Appends the ids of a text until there are `limit` of them, or a few more.
  func encode(_ bytes: [UInt8], limit: Int, into ids: inout [Int32]) {
    var word = Word()
    var position = 0
    var noTokenBefore = 0
    while position < bytes.count, ids.count < limit {
      var action = actions[Int(bytes[position])]
      if action >= Self.mayBegin {
        action &= ~Self.mayBegin
        if position >= noTokenBefore,
          let found = added.match(bytes, at: position, hashes: &word.hashes)
        {
          noTokenBefore = found.end
          // White space that a token strips gives no ids, so nothing is to be done about it.
          if found.isAccepted {
            end(&word, into: &ids)
            ids.append(found.token.id)
            position = found.end
            continue
          }
        }
      }
      switch action {
      case Self.word:
        position = scanWord(bytes, from: position, &word, into: &ids)
      case Self.space:
        end(&word, into: &ids)
        position += 1
      case Self.punctuation:
        end(&word, into: &ids)
        ids.append(single[Int(bytes[position])])
        position += 1
      case Self.beyondASCII:
        let scalar = bytes.scalar(at: position)
        let meaning = table.meaning(of: scalar.value)
        let start = position
        position = scalar.end
        switch meaning.kind {
        case .word:
          word.append(meaning.scalar)
        case .space:
          end(&word, into: &ids)
        case .punctuation, .ideograph:
          end(&word, into: &ids)
          word.append(meaning.scalar)
          end(&word, into: &ids)
        case .nothing, .boundary:
          break
        case .sequence, .mark:
          position = scanMarks(bytes, from: start, noTokenBefore: noTokenBefore, &word)
        }
      default:
        position += 1
      }
    }
    if ids.count < limit { end(&word, into: &ids) }
  }

  /// Reads bytes of ASCII that belong to a word, from the first of them to where they end.
  @inline(__always)
  private func scanWord(
    _ bytes: [UInt8], from start: Int, _ word: inout Word, into ids: inout [Int32]
  ) -> Int {
    var hash = PieceTable.seed
    var position = start
    var ending = Self.space
    // The first byte may also begin an added token, but does not.
    repeat {
      hash = PieceTable.hash(hash, meanings[Int(bytes[position])])
      position += 1
      ending = position < bytes.count ? actions[Int(bytes[position])] : Self.space
    } while ending == Self.word
    // Only then is it known that the word starts and ends here, and that it is not too long.
    if word.count == 0, ending == Self.space || ending == Self.punctuation,
      position - start <= vocabulary.maximumWordLength
    {
      let id = vocabulary.first.index(
        hash: hash, of: bytes, from: start, count: position - start, map: meanings)
      if id >= 0 {
        ids.append(id)
        return position
      }
    }
    for index in start..<position { word.appendASCII(meanings[Int(bytes[index])]) }
    return position
  }

  /// Reads a scalar that is a mark or has some, and the marks after it, up to the next other
  /// scalar.
  ///
  /// Such marks stay, but are put in order, which takes all that stand together.
  private func scanMarks(
    _ bytes: [UInt8], from start: Int, noTokenBefore: Int, _ word: inout Word
  ) -> Int {
    var position = bytes.scalar(at: start).end
    scan: while position < bytes.count {
      if actions[Int(bytes[position])] >= Self.mayBegin, position >= noTokenBefore { break }
      let next = bytes.scalar(at: position)
      switch table.meaning(of: next.value).kind {
      case .nothing, .mark: position = next.end
      case .word, .space, .punctuation, .ideograph, .boundary, .sequence: break scan
      }
    }
    let ordered = table.normalized(bytes[start..<position])
    var part = 0
    while part < ordered.count {
      let scalar = ordered.scalar(at: part)
      word.append(scalar.value)
      part = scalar.end
    }
    return position
  }

  /// Appends the ids of a word's pieces, or that of the unknown one, and empties the word.
  private func end(_ word: inout Word, into ids: inout [Int32]) {
    guard word.count > 0 else { return }
    defer { word.empty() }
    guard word.count <= vocabulary.maximumWordLength else {
      ids.append(vocabulary.unknown)
      return
    }
    let idCount = ids.count
    var start = 0
    while start < word.bytes.count {
      let pieces = start == 0 ? vocabulary.first : vocabulary.further
      guard
        let piece = pieces.longestPrefix(
          of: word.bytes, from: start, to: word.bytes.count, hashes: &word.hashes)
      else {
        ids.removeLast(ids.count - idCount)
        ids.append(vocabulary.unknown)
        return
      }
      ids.append(piece.index)
      start = piece.end
    }
  }
}

/// A word while it is read.
private struct Word {
  var bytes: [UInt8] = []
  /// The number of its scalars.
  var count = 0
  /// Room for looking up its pieces.
  var hashes: [UInt64] = []

  mutating func appendASCII(_ byte: UInt8) {
    bytes.append(byte)
    count += 1
  }

  mutating func append(_ scalar: UInt32) {
    bytes.append(scalar: scalar)
    count += 1
  }

  mutating func empty() {
    bytes.removeAll(keepingCapacity: true)
    count = 0
  }
}
