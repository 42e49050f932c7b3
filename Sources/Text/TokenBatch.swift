// Token sequences laid end to end.

/// Sequences of tokens without padding: the tokens of the first, then those of the second, and so
/// on.
public struct TokenBatch: Sendable, Equatable {
  /// The token ids of all sequences, `[tokenCount]`.
  public var ids: [Int32]
  /// For each token, 0 in the first text of its sequence and 1 in the second, `[tokenCount]`.
  public var typeIDs: [Int32]
  /// The number of tokens of each sequence, `[sequenceCount]`.
  public var lengths: [Int]

  /// A batch from its parts; the lengths must add up to the number of ids and of type ids.
  public init(ids: [Int32], typeIDs: [Int32], lengths: [Int]) {
    precondition(
      ids.count == typeIDs.count, "\(ids.count) ids do not go with \(typeIDs.count) type ids")
    let total = lengths.reduce(0, +)
    precondition(total == ids.count, "lengths add up to \(total), but there are \(ids.count) ids")
    self.ids = ids
    self.typeIDs = typeIDs
    self.lengths = lengths
  }

  /// A batch of encoded sequences, in their order.
  public init(_ sequences: some Sequence<EncodedSequence>) {
    ids = []
    typeIDs = []
    lengths = []
    for sequence in sequences {
      ids += sequence.ids
      typeIDs += sequence.typeIDs
      lengths.append(sequence.ids.count)
    }
  }

  /// The number of sequences.
  public var sequenceCount: Int { lengths.count }

  /// The number of tokens of all sequences.
  public var tokenCount: Int { ids.count }

  /// Where each sequence starts, and at the end the number of tokens, `[sequenceCount + 1]`:
  /// sequence `i` is `offsets[i] ..< offsets[i + 1]`.
  public var offsets: [Int] {
    var offsets = [0]
    offsets.reserveCapacity(lengths.count + 1)
    var end = 0
    for length in lengths {
      end += length
      offsets.append(end)
    }
    return offsets
  }
}
