// Scaled dot-product attention over packed sequences, forward and backward.

import CKernels

/// The bounds of sequences laid end to end: sequence s has the tokens offsets[s] ..< offsets[s +
/// 1].
public struct SequenceOffsets: Sendable, Equatable {
  let values: [Int32]

  /// Bounds of sequences of the given lengths.
  public init(lengths: [Int]) {
    var values: [Int32] = [0]
    values.reserveCapacity(lengths.count + 1)
    var end: Int32 = 0
    for length in lengths {
      end += Int32(length)
      values.append(end)
    }
    self.values = values
  }

  /// The number of sequences.
  public var count: Int { values.count - 1 }

  /// The number of tokens of all sequences.
  public var tokenCount: Int { Int(values[values.count - 1]) }

  /// The index of each sequence's first token.
  public var firstTokens: [Int32] { Array(values.dropLast()) }
}

/// What one attention computes: which tokens see each other, and with how many heads.
public struct AttentionShape: Sendable {
  /// The sequences; tokens attend within their own.
  public var offsets: SequenceOffsets
  /// Heads, and the width of each.
  public var headCount, headSize: Int
  /// Only the first token of a sequence asks; the context then has a row a sequence.
  public var firstTokenOnly: Bool
  /// On the attention probabilities.
  public var dropout: Dropout

  /// An attention over `offsets`.
  public init(
    offsets: SequenceOffsets, headCount: Int, headSize: Int, firstTokenOnly: Bool = false,
    dropout: Dropout = .none
  ) {
    self.offsets = offsets
    self.headCount = headCount
    self.headSize = headSize
    self.firstTokenOnly = firstTokenOnly
    self.dropout = dropout
  }

  /// Rows of the context.
  var queryCount: Int { queries.tokenCount }

  /// The bounds of each sequence's rows in the context.
  public var queries: SequenceOffsets {
    firstTokenOnly ? SequenceOffsets(lengths: Array(repeating: 1, count: offsets.count)) : offsets
  }

  func withNative<R>(_ body: (UnsafePointer<pare_attention>) -> R) -> R {
    offsets.values.withUnsafeBufferPointer { offsets in
      var native = pare_attention(
        offsets: offsets.baseAddress, sequences: Int32(offsets.count - 1), heads: Int32(headCount),
        head_size: Int32(headSize), first_token_only: firstTokenOnly, dropout: dropout.native)
      return body(&native)
    }
  }
}

extension Device {
  /// softmax(q kᵀ / √headSize) v, head by head (Vaswani et al., 2017, arXiv:1706.03762).
  ///
  /// `queryKeyValue` is [tokens, 3 · heads · headSize]; the context is [queries, heads · headSize].
  /// The probabilities (sequence, head, query, key; before dropout) are `nil` unless `recording`.
  public func attention(
    _ queryKeyValue: Tensor, _ shape: AttentionShape, recording: Bool
  ) -> (context: Tensor, probabilities: Tensor?) {
    let width = shape.headCount * shape.headSize
    precondition(
      queryKeyValue.shape == [shape.offsets.tokenCount, 3 * width],
      "queries, keys and values are \(queryKeyValue.shape) for \(shape.headCount) heads of "
        + "\(shape.headSize) over \(shape.offsets.tokenCount) tokens")
    let context = Tensor(uninitialized: [shape.queryCount, width])
    var probabilities: Tensor?
    let done = shape.withNative { native in
      if recording {
        probabilities = Tensor(uninitialized: [pare_attention_probability_count(native)])
      }
      return pare_attention_forward(
        handle, native, queryKeyValue.pointer, probabilities?.storage.pointer,
        context.storage.pointer)
    }
    precondition(done, "out of memory in an attention over \(shape.offsets.tokenCount) tokens")
    return (context, probabilities)
  }

  /// The gradient of `queryKeyValue`.
  public func attentionBackward(
    _ dContext: Tensor, queryKeyValue: Tensor, probabilities: Tensor, _ shape: AttentionShape
  ) -> Tensor {
    let dQueryKeyValue = Tensor(uninitialized: queryKeyValue.shape)
    let done = shape.withNative { native in
      pare_attention_backward(
        handle, native, queryKeyValue.pointer, probabilities.pointer, dContext.pointer,
        dQueryKeyValue.storage.pointer)
    }
    precondition(done, "out of memory in an attention over \(shape.offsets.tokenCount) tokens")
    return dQueryKeyValue
  }
}
