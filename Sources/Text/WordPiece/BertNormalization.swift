// What BERT makes of each character before words are looked up.

/// The settings of BERT's normalization (Devlin et al. 2018, arXiv:1810.04805).
struct BertNormalization: Sendable, Equatable {
  /// Whether control characters are left out, and all white space is a space.
  var cleansText = true
  /// Whether each ideograph is a word of its own.
  var separatesIdeographs = true
  /// Whether accents and other nonspacing marks are left out.
  var stripsAccents = true
  /// Whether capitals become small letters.
  var lowercases = true

  /// Text that is normalized already.
  static let none = BertNormalization(
    cleansText: false, separatesIdeographs: false, stripsAccents: false, lowercases: false)
}

/// What becomes of a scalar.
enum ScalarKind: UInt32 {
  /// A part of a word.
  case word
  /// Ends words.
  case space
  /// A word of its own.
  case punctuation
  /// An ideograph: a word of its own, for the spaces that normalization puts around it.
  case ideograph
  /// Nothing, as if it were not there.
  case nothing
  /// Nothing, but marks are not put in order across it.
  case boundary
  /// More than one scalar.
  case sequence
  /// A mark that stays, and is put in order with those beside it.
  case mark
}

/// What becomes of each scalar: one look, for any.
///
/// The scalars are in pages of 256. Most pages are all letters, and are the same page.
struct ScalarTable: Sendable {
  private var pageStarts: [Int32]
  private var entries: [UInt32]
  /// For each page, whether its entries may be those of others too.
  private var isShared: [Bool]

  /// The kind, and the scalar that is meant where it is one.
  @inline(__always)
  func meaning(of scalar: UInt32) -> (kind: ScalarKind, scalar: UInt32) {
    let page = Int(pageStarts[Int(scalar >> 8)])
    let entry = entries[page + Int(scalar & 0xFF)]
    guard entry != 0 else { return (.word, scalar) }
    let meant = entry & 0x1F_FFFF
    // An entry has three bits of kind, and there are eight kinds.
    return (ScalarKind(rawValue: entry >> 24) ?? .word, meant == 0 ? scalar : meant)
  }

  /// The scalars of a sequence; not for syllables of Hangul without accents stripped.
  func sequence(of scalar: UInt32) -> [UInt32] {
    if let syllable = HangulSyllable(scalar) { return syllable.letters }
    if scalar == 0x130 { return [0x69, 0x307] }
    let all = UnicodeTables.strippedSequences
    var start = 0
    while start < all.count {
      let count = Int(all[start + 1])
      if all[start] == scalar { return Array(all[start + 2..<start + 2 + count]) }
      start += 2 + count
    }
    return [scalar]
  }

  /// The order of a mark among others: its canonical combining class; 0 for what is no such mark.
  func order(of scalar: UInt32) -> UInt32 {
    let all = UnicodeTables.keptMarks
    for start in stride(from: 0, to: all.count, by: 3)
    where all[start] <= scalar && scalar <= all[start + 1] {
      return all[start + 2]
    }
    return 0
  }

  init(_ normalization: BertNormalization) {
    pageStarts = [Int32](repeating: 0, count: 0x1100)
    entries = [UInt32](repeating: 0, count: 256)
    entries.reserveCapacity(128 * 256)
    isShared = [Bool](repeating: true, count: 0x1100)
    setAll(UnicodeTables.punctuation, .punctuation)
    setAll(UnicodeTables.whiteSpace, .space)
    if normalization.cleansText {
      for scalar in scalars(UnicodeTables.whiteSpace) { set(scalar, .space, 0x20) }
    }
    if normalization.separatesIdeographs { setAll(UnicodeTables.ideographs, .ideograph) }
    if normalization.lowercases {
      let all = UnicodeTables.lowercase
      for start in stride(from: 0, to: all.count, by: 4) {
        for scalar in stride(from: all[start], through: all[start + 1], by: Int(all[start + 2])) {
          set(scalar, .word, scalar &+ all[start + 3])
        }
      }
      if !normalization.stripsAccents { set(0x130, .sequence) }
    }
    if normalization.stripsAccents { stripAccents() }
    if normalization.cleansText { setAll(UnicodeTables.dropped, .nothing) }
  }

  private mutating func stripAccents() {
    setAll(UnicodeTables.marks, .nothing)
    setAll(UnicodeTables.startingMarks, .boundary)
    let pairs = UnicodeTables.stripped
    for start in stride(from: 0, to: pairs.count, by: 2) {
      let own = meaning(of: pairs[start]).kind
      let base = meaning(of: pairs[start + 1])
      let kind = own == .ideograph ? own : base.kind == .ideograph ? .word : base.kind
      set(pairs[start], kind, base.scalar)
    }
    let sequences = UnicodeTables.strippedSequences
    var start = 0
    while start < sequences.count {
      set(sequences[start], .sequence)
      start += 2 + Int(sequences[start + 1])
    }
    setAll([HangulSyllable.first, HangulSyllable.last], .sequence)
    let kept = UnicodeTables.keptMarks
    for start in stride(from: 0, to: kept.count, by: 3) {
      for scalar in kept[start]...kept[start + 1] { set(scalar, .mark) }
    }
  }

  private func scalars(_ ranges: [UInt32]) -> [UInt32] {
    stride(from: 0, to: ranges.count, by: 2).flatMap { ranges[$0]...ranges[$0 + 1] }
  }

  private mutating func set(_ scalar: UInt32, _ kind: ScalarKind, _ meant: UInt32 = 0) {
    let page = Int(scalar >> 8)
    if isShared[page] {
      let shared = Int(pageStarts[page])
      pageStarts[page] = Int32(entries.count)
      entries += Array(entries[shared..<shared + 256])
      isShared[page] = false
    }
    entries[Int(pageStarts[page]) + Int(scalar & 0xFF)] = kind.rawValue << 24 | meant
  }

  private mutating func setAll(_ ranges: [UInt32], _ kind: ScalarKind) {
    for start in stride(from: 0, to: ranges.count, by: 2) {
      var scalar = ranges[start]
      let last = ranges[start + 1]
      var whole: Int32?
      while scalar <= last {
        guard scalar & 0xFF == 0, last - scalar >= 0xFF else {
          set(scalar, kind)
          scalar += 1
          continue
        }
        let page = whole ?? Int32(entries.count)
        if whole == nil {
          entries += [UInt32](repeating: kind.rawValue << 24, count: 256)
          whole = page
        }
        pageStarts[Int(scalar >> 8)] = page
        isShared[Int(scalar >> 8)] = true
        scalar += 0x100
      }
    }
  }
}

/// A syllable of Hangul, which accents stripped is its letters (The Unicode Standard, section
/// 3.12).
private struct HangulSyllable {
  static let first: UInt32 = 0xAC00
  static let last: UInt32 = 0xD7A3
  private let index: UInt32

  init?(_ scalar: UInt32) {
    guard Self.first <= scalar, scalar <= Self.last else { return nil }
    index = scalar - Self.first
  }

  var letters: [UInt32] {
    let trailing = index % 28
    let letters = [0x1100 + index / 588, 0x1161 + index % 588 / 28]
    return trailing == 0 ? letters : letters + [0x11A7 + trailing]
  }
}
