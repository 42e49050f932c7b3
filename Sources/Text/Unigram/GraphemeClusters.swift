// Where the characters that a reader sees end (Unicode Standard Annex 29).

/// What a scalar is to the rules of extended grapheme clusters.
enum GraphemeClass: UInt8, Sendable {
  case other
  /// Line breaks and other controls: nothing joins them, except a line feed a carriage return.
  case control
  /// Joins what follows.
  case prepended
  /// Marks that join what is before them.
  case extending
  /// Those of them that join two consonants.
  case linker
  /// U+200D, which joins two pictographs.
  case joiner
  /// Marks with a width.
  case spacingMark
  case pictograph
  /// Consonants that a linker joins.
  case consonant
  case hangulLeading
  case hangulVowel
  case hangulTrailing
  /// A syllable of Hangul without a trailing consonant.
  case hangulOpen
  /// A syllable of Hangul with one.
  case hangulClosed
}

/// Extended grapheme clusters as the `tokenizers` library (0.23) finds them, in any version of
/// Swift.
///
/// Pairs of regional indicators (GB12 and GB13) are not joined. The library normalizes clusters of
/// six bytes or more by scalars, and a flag has eight: so it makes no difference to any id.
struct GraphemeClusters: Sendable {
  private var starts: [UInt32] = []
  private var ends: [UInt32] = []
  private var classes: [GraphemeClass] = []

  init() {
    let tables: [(GraphemeClass, [UInt32])] = [
      (.control, GraphemeTables.controls), (.prepended, GraphemeTables.prepended),
      (.extending, GraphemeTables.extending), (.linker, GraphemeTables.linkers),
      (.joiner, [0x200D, 0x200D]), (.spacingMark, GraphemeTables.spacingMarks),
      (.pictograph, GraphemeTables.pictographs), (.consonant, GraphemeTables.consonants),
      (.hangulLeading, GraphemeTables.hangulLeading), (.hangulVowel, GraphemeTables.hangulVowels),
      (.hangulTrailing, GraphemeTables.hangulTrailing),
    ]
    var runs: [(start: UInt32, end: UInt32, kind: GraphemeClass)] = []
    for (kind, bounds) in tables {
      for index in stride(from: 0, to: bounds.count, by: 2) {
        runs.append((bounds[index], bounds[index + 1], kind))
      }
    }
    for run in runs.sorted(by: { $0.start < $1.start }) {
      starts.append(run.start)
      ends.append(run.end)
      classes.append(run.kind)
    }
  }

  /// The class of a scalar.
  func kind(of scalar: UInt32) -> GraphemeClass {
    if (0xAC00...0xD7A3).contains(scalar) {
      return (scalar - 0xAC00) % 28 == 0 ? .hangulOpen : .hangulClosed
    }
    var low = 0
    var high = starts.count
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= scalar { low = middle + 1 } else { high = middle }
    }
    return low > 0 && scalar <= ends[low - 1] ? classes[low - 1] : .other
  }

  /// Where the cluster that starts at `start` of UTF-8 ends.
  func end(from start: Int, in bytes: [UInt8], to limit: Int) -> Int {
    var scalar = bytes.scalar(at: start)
    var context = Context()
    var before = kind(of: scalar.value)
    context.append(before, scalar.value)
    while scalar.end < limit {
      let next = bytes.scalar(at: scalar.end)
      let kind = kind(of: next.value)
      let isLineBreak = scalar.value == 0x0D && next.value == 0x0A
      guard isLineBreak || context.joins(before, kind) else { break }
      context.append(kind, next.value)
      before = kind
      scalar = next
    }
    return scalar.end
  }
}

/// What the rules ask about a cluster beyond its last scalar.
private struct Context {
  /// A pictograph with extending marks after it, and then a joiner too.
  private var hasPictograph = false
  private var hasJoinedPictograph = false
  /// A consonant with marks after it, and among them a linker.
  private var hasConsonant = false
  private var hasLinkedConsonant = false

  mutating func append(_ kind: GraphemeClass, _ scalar: UInt32) {
    hasJoinedPictograph = hasPictograph && kind == .joiner
    hasPictograph =
      kind == .pictograph || (hasPictograph && (kind == .extending || kind == .linker))
    switch kind {
    case .consonant: (hasConsonant, hasLinkedConsonant) = (true, false)
    case .linker: hasLinkedConsonant = hasConsonant
    // The zero width non-joiner separates consonants.
    case .extending where scalar != 0x200C: break
    case .joiner: break
    default: (hasConsonant, hasLinkedConsonant) = (false, false)
    }
  }

  /// Whether there is no boundary between two neighbours.
  func joins(_ before: GraphemeClass, _ after: GraphemeClass) -> Bool {
    switch (before, after) {
    // GB4, GB5
    case (.control, _), (_, .control): false
    // GB6
    case (.hangulLeading, .hangulLeading), (.hangulLeading, .hangulVowel),
      (.hangulLeading, .hangulOpen), (.hangulLeading, .hangulClosed):
      true
    // GB7, GB8
    case (.hangulOpen, .hangulVowel), (.hangulOpen, .hangulTrailing), (.hangulVowel, .hangulVowel),
      (.hangulVowel, .hangulTrailing), (.hangulClosed, .hangulTrailing),
      (.hangulTrailing, .hangulTrailing):
      true
    // GB9, GB9a, GB9b
    case (_, .extending), (_, .linker), (_, .joiner), (_, .spacingMark), (.prepended, _): true
    // GB9c
    case (_, .consonant): hasLinkedConsonant
    // GB11
    case (_, .pictograph): hasJoinedPictograph
    default: false
    }
  }
}
