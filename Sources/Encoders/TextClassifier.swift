// Text in, logits out: how a model is used.

public import Tensors
public import Text

/// A model packed for this machine, with its tokenizer: safe to call from many tasks at once.
public struct TextClassifier: Sendable {
  /// The packed model.
  public let model: SequenceClassifier<PackedLinear>
  /// Turns text into ids.
  public let tokenizer: any Tokenizer
  /// A name for each class.
  public let labelNames: [String]
  /// The longest sequence that is read; longer texts are truncated.
  public let maximumLength: Int
  /// Where it runs.
  public let device: Device

  /// Packs a saved model. `maximumLength` is at most what the model has positions for; where it is
  /// not given, it is what the tokenizer's own settings say.
  public init(_ saved: SavedClassifier, maximumLength: Int? = nil, on device: Device) {
    model = saved.classifier.packed(on: device)
    tokenizer = saved.tokenizer
    labelNames = saved.labelNames
    self.maximumLength = saved.sequenceLength(maximumLength)
    self.device = device
  }

  /// The sequences of texts or pairs, tokenized side by side.
  public func encode(_ examples: [Example]) throws(TextError) -> [EncodedSequence] {
    let chunk = 8
    let chunks = (examples.count + chunk - 1) / chunk
    let results = device.map(chunks) { index in
      let part = examples[index * chunk..<min(examples.count, (index + 1) * chunk)]
      return Result { () throws(TextError) in
        var encoded: [EncodedSequence] = []
        for example in part {
          encoded.append(try tokenizer.encode(example, maximumLength: maximumLength))
        }
        return encoded
      }
    }
    var encoded: [EncodedSequence] = []
    for result in results { encoded += try result.get() }
    return encoded
  }

  /// The logits of each text, [label], in the order given.
  public func logits(
    _ examples: [Example], tokensPerGroup: Int = 512
  ) throws(TextError) -> [[Float]] {
    model.logits(try encode(examples), tokensPerGroup: tokensPerGroup, on: device)
  }
}

extension SequenceClassifier {
  /// The logits of each sequence, in the order given.
  ///
  /// Sequences go through the model in groups of about `tokensPerGroup`, one group a thread: what a
  /// group needs stays in a core's cache. A single group is shared by all threads instead. Either
  /// way each sequence's logits are the same, whatever it is grouped with.
  public func logits(
    _ sequences: [EncodedSequence], tokensPerGroup: Int = 512, on device: Device
  ) -> [[Float]] {
    let groups = Self.groups(sequences.map(\.ids.count), tokensPerGroup, threads: device.threads)
    return device.map(groups.count) { index in
      let logits = forward(TokenBatch(sequences[groups[index]]), on: device).logits
      return (0..<groups[index].count).map { logits.row($0) }
    }.flatMap { $0 }
  }

  /// Neighbouring sequences of about equally many tokens together; a multiple of the thread count
  /// where there are several, so that none waits long for the others.
  static func groups(_ lengths: [Int], _ tokensPerGroup: Int, threads: Int) -> [Range<Int>] {
    let total = lengths.reduce(0, +)
    guard total > tokensPerGroup else { return lengths.isEmpty ? [] : [0..<lengths.count] }
    let wanted = (total + tokensPerGroup - 1) / tokensPerGroup
    let count = (wanted + threads - 1) / threads * threads
    var groups: [Range<Int>] = []
    var (start, tokens) = (0, 0)
    for (index, length) in lengths.enumerated() {
      tokens += length
      if tokens * count >= total * (groups.count + 1) || index == lengths.count - 1 {
        groups.append(start..<index + 1)
        start = index + 1
      }
    }
    return groups
  }
}
