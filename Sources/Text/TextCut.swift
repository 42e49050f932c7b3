// Where UTF-8 can be cut with the least harm to its words.

extension UInt8 {
  /// Whether this byte of UTF-8 is a space, a tab or a line break.
  var isWhiteSpace: Bool {
    self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D
  }
}

extension BidirectionalCollection<UInt8> {
  /// The last white space in the latter half of `start ..< end`, or else the last start of a
  /// scalar at or before `end`, which is then inside a word.
  func cut(from start: Index, notAfter end: Index) -> (index: Index, isInsideWord: Bool) {
    precondition(end < endIndex, "nothing to cut: the bytes end at \(endIndex), before \(end)")
    let middle = index(start, offsetBy: distance(from: start, to: end) / 2)
    var candidate = end
    while candidate > middle {
      if self[candidate].isWhiteSpace { return (candidate, false) }
      formIndex(before: &candidate)
    }
    candidate = end
    while candidate > middle, self[candidate] & 0b1100_0000 == 0b1000_0000 {
      formIndex(before: &candidate)
    }
    return (candidate, true)
  }
}
