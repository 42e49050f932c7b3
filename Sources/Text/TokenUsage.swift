// How often texts use each piece of a vocabulary, and which are used enough.

extension Tokenizer {
  /// How many times each id is among those of the examples' sequences, special ones included.
  ///
  /// Texts count as far as a sequence of `maximumLength` tokens goes; whole, where none is given.
  /// The sum is the number of tokens that a model would read.
  public func tokenCounts(
    of examples: some Sequence<Example>, maximumLength: Int? = nil
  ) throws(TextError) -> [Int] {
    var counts = [Int](repeating: 0, count: vocabulary.size)
    for example in examples {
      let sequence = try encode(example, maximumLength: maximumLength ?? Int(Int32.max))
      for id in sequence.ids { counts[Int(id)] += 1 }
    }
    return counts
  }
}

/// Which pieces of a vocabulary are used enough to stay.
public enum TokenSelection: Sendable, Equatable {
  /// Those that come at least so many times.
  case usedAtLeast(Int)
  /// The so many that come most often, of those that come at all; of equally many, the first.
  case mostFrequent(Int)

  /// Their ids, ascending, by how often each id comes.
  public func ids(_ counts: [Int]) -> [Int32] {
    let chosen =
      switch self {
      case .usedAtLeast(let least): counts.indices.filter { counts[$0] >= least }
      case .mostFrequent(let count):
        counts.indices.filter { counts[$0] > 0 }
          .sorted { (counts[$1], $0) < (counts[$0], $1) }
          .prefix(max(0, count)).sorted()
      }
    return chosen.map(Int32.init)
  }
}
