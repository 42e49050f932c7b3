// A tokenizer with some of its pieces: unused ones leave the vocabulary, and with it the embedding.

/// A tokenizer that can be cut to some of its pieces.
///
/// Laws of a cut, where “all” is what ``needed(by:)`` gives: a text whose pieces all stay has the
/// same pieces as before; any text can still be encoded; nothing that single characters of the
/// vocabulary can spell becomes unknown; cutting again to what has stayed changes nothing.
public protocol ReducibleTokenizer: Tokenizer {
  /// `ids`, and the ids that cannot be left out with them: those of special pieces, of pieces that
  /// spell what has no other, and of pieces on the way to those of `ids`.
  func needed(by ids: Set<Int32>) throws(TextError) -> Set<Int32>

  /// The tokenizer of these pieces alone; `kept` has all that they need.
  func cut(to kept: KeptTokens) throws(TextError) -> Self
}

/// Which ids of a vocabulary stay, and what they become: 0, 1, 2 … in their old order.
public struct KeptTokens: Sendable, Equatable {
  /// The old ids, ascending: the place of each is its new id.
  public let ids: [Int32]

  init(_ ids: Set<Int32>) { self.ids = ids.sorted() }

  /// What an old id becomes; `nil` if it does not stay.
  public func newID(_ old: Int32) -> Int32? {
    var (low, high) = (0, ids.count)
    while low < high {
      let middle = (low + high) / 2
      if ids[middle] < old { low = middle + 1 } else { high = middle }
    }
    return low < ids.count && ids[low] == old ? Int32(low) : nil
  }
}

/// What is left of a tokenizer, and of which ids.
public struct ReducedTokenizer: Sendable {
  /// The smaller tokenizer.
  public let tokenizer: any Tokenizer
  /// The ids that stay. The embedding's rows at `kept.ids`, in that order, belong to `tokenizer`.
  public let kept: KeptTokens
}

extension Tokenizer {
  /// The tokenizer with the pieces of `ids` alone, and those that it cannot do without.
  ///
  /// Always stay: special and added tokens, the unknown piece, bytes, and every piece of a single
  /// character, so that new text can be spelled. Ids must be in the vocabulary. Keeping all gives
  /// the tokenizer itself. Throws for a tokenizer that is not ``ReducibleTokenizer``.
  public func keepingTokens(
    _ ids: some Sequence<Int32>
  ) throws(TextError) -> ReducedTokenizer {
    guard let whole = self as? any ReducibleTokenizer else {
      throw .irreducible(tokenizer: "\(Self.self)")
    }
    return try whole.reduced(to: Set(ids))
  }
}

extension ReducibleTokenizer {
  fileprivate func reduced(to ids: Set<Int32>) throws(TextError) -> ReducedTokenizer {
    for id in ids {
      precondition(
        (0..<vocabulary.size).contains(Int(id)),
        "ids must be in 0 ..< \(vocabulary.size), found \(id)")
    }
    let own = vocabulary
    let special = [own.padding, own.unknown, own.classification, own.separator, own.mask]
    let kept = KeptTokens(try needed(by: ids.union(special)))
    return ReducedTokenizer(
      tokenizer: kept.ids.count == own.size ? self : try cut(to: kept), kept: kept)
  }
}

extension Sequence<UInt8> {
  /// Whether these bytes of UTF-8 are one scalar.
  var isSingleScalar: Bool {
    var count = 0
    for byte in self where byte & 0b1100_0000 != 0b1000_0000 {
      count += 1
      if count > 1 { return false }
    }
    return count == 1
  }
}
