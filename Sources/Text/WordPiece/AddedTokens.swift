// Tokens that are found in a text before it is split into words, such as [MASK].

/// A token that stands in the text by itself, with the settings of the `tokenizers` library.
struct AddedToken: Sendable, Equatable {
  var content: String
  var id: Int32
  /// Found only where no letter, digit, mark or underscore touches it.
  var singleWord = false
  /// Takes the white space before it.
  var stripsLeft = false
  /// Takes the white space after it.
  var stripsRight = false
  /// Found in the normalized text, by its own normalized form; else in the text as it stands.
  var isNormalized = false
  /// Left out of decoded text.
  var isSpecial = true
}

/// Added tokens by their forms; the first of equal forms counts.
struct AddedTokens: Sendable {
  let tokens: [AddedToken]
  private let table: PieceTable
  /// For each byte, whether a form begins with it.
  let beginnings: [Bool]

  var isEmpty: Bool { tokens.isEmpty }

  /// Throws the content of a token that cannot be looked up for the collisions of its hash.
  init(_ tokens: [AddedToken], form: (AddedToken) -> [UInt8]) throws(PieceTable.Misfit) {
    var list = PieceList()
    var kept: [AddedToken] = []
    var seen: Set<[UInt8]> = []
    var beginnings = [Bool](repeating: false, count: 256)
    for token in tokens {
      let form = form(token)
      guard let first = form.first, seen.insert(form).inserted else { continue }
      list.append(form)
      kept.append(token)
      beginnings[Int(first)] = true
    }
    self.tokens = kept
    self.beginnings = beginnings
    table = try PieceTable(list, members: 0..<list.count)
  }

  /// The longest token at `start`, and where it ends. It is not accepted if it must be a word and
  /// is not one: then it is plain text, and no token is looked for inside it.
  func match(
    _ bytes: [UInt8], at start: Int, hashes: inout [UInt64]
  ) -> (token: AddedToken, end: Int, isAccepted: Bool)? {
    guard
      let found = table.longestPrefix(of: bytes, from: start, to: bytes.count, hashes: &hashes)
    else { return nil }
    let token = tokens[Int(found.index)]
    let isAccepted =
      !token.singleWord
      || !(endsWithWord(bytes[..<start]) || startsWithWord(bytes[found.end...]))
    return (token, found.end, isAccepted)
  }

  private func endsWithWord(_ bytes: ArraySlice<UInt8>) -> Bool {
    let start = bytes.lastIndex { $0 & 0b1100_0000 != 0b1000_0000 }
    return start.map { startsWithWord(bytes[$0...]) } ?? false
  }

  private func startsWithWord(_ bytes: ArraySlice<UInt8>) -> Bool {
    // A scalar has four bytes at most.
    String(decoding: bytes.prefix(4), as: UTF8.self).unicodeScalars.first?.isOfWord ?? false
  }
}

extension Unicode.Scalar {
  /// `\w` of regular expressions (Unicode Technical Standard 18, annex C), as of Unicode 16, which
  /// is the library's.
  fileprivate var isOfWord: Bool {
    guard let age = properties.age, age.major <= 16 else { return false }
    if properties.isAlphabetic || properties.isJoinControl { return true }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
      return true
    default:
      return false
    }
  }
}

extension AddedTokens {
  /// A part of a text: a token, or what is between two.
  enum Part {
    case token(Int32)
    case text(Range<Int>)
  }

  /// The parts of a text in their order, until `body` says that it has enough.
  ///
  /// As the library does: the search goes on where a token ends, before white space is stripped.
  func forEachPart<Failure: Error>(
    of bytes: [UInt8], _ body: (Part) throws(Failure) -> Bool
  ) throws(Failure) {
    var hashes: [UInt64] = []
    var position = 0
    var textStart = 0
    while position < bytes.count {
      guard beginnings[Int(bytes[position])],
        let found = match(bytes, at: position, hashes: &hashes)
      else {
        position += 1
        continue
      }
      if found.isAccepted {
        var start = position
        var end = found.end
        if found.token.stripsLeft {
          start = max(textStart, bytes.whiteSpaceStart(before: position))
        }
        if found.token.stripsRight { end = bytes.whiteSpaceEnd(after: end) }
        if textStart < start, try !body(.text(textStart..<start)) { return }
        if try !body(.token(found.token.id)) { return }
        textStart = end
      }
      position = found.end
    }
    if textStart < bytes.count { _ = try body(.text(textStart..<bytes.count)) }
  }
}

extension [UInt8] {
  /// Where the white space that ends at `position` starts.
  fileprivate func whiteSpaceStart(before position: Int) -> Int {
    var start = position
    while start > 0 {
      var scalar = start - 1
      while scalar > 0, self[scalar] & 0b1100_0000 == 0b1000_0000 { scalar -= 1 }
      guard isWhiteSpace(scalar..<start) else { break }
      start = scalar
    }
    return start
  }

  /// Where the white space that starts at `position` ends.
  fileprivate func whiteSpaceEnd(after position: Int) -> Int {
    var end = position
    while end < count {
      var next = end + 1
      while next < count, self[next] & 0b1100_0000 == 0b1000_0000 { next += 1 }
      guard isWhiteSpace(end..<next) else { break }
      end = next
    }
    return end
  }

  private func isWhiteSpace(_ range: Range<Int>) -> Bool {
    String(decoding: self[range], as: UTF8.self).unicodeScalars.first?.properties.isWhitespace
      ?? false
  }
}
