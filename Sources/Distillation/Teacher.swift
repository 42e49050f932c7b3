// The model that is followed: forward only, and asked the same thing once.

import Encoders
import Synchronization
import Tensors
import Text

/// A model that is followed: packed for inference, or plain where products are in another
/// precision, which packed weights do not have.
///
/// It is a class because it remembers: the logits of a sequence are computed once.
final class Teacher: Sendable {
  private enum Model {
    case packed(SequenceClassifier<PackedLinear>)
    case plain(DenseClassifier)
  }

  private let model: Model
  private let answers = Mutex<[SequenceKey: [Float]]>([:])

  init(_ model: DenseClassifier, on device: Device) {
    self.model =
      switch device.products {
      case .f32: .packed(model.packed(on: device))
      case .bf16: .plain(model)
      }
  }

  /// The logits of each sequence. Those not known yet go through the model one by one, several side
  /// by side: what the teacher says of a sequence must follow from the sequence alone, to the last
  /// bit, or a run that was resumed, which asks in other company, would end in other bytes.
  func logits(_ batch: TokenBatch, on device: Device) -> [[Float]] {
    let keys = SequenceKey.all(of: batch)
    let known = answers.withLock { answers in keys.map { answers[$0] } }
    let missing = known.indices.filter { known[$0] == nil }
    let found = device.map(missing.count) { index in
      self.forward(keys[missing[index]].batch, on: device)[0]
    }
    guard !missing.isEmpty else { return known.compactMap { $0 } }
    return answers.withLock { answers in
      for (index, row) in zip(missing, found) { answers[keys[index]] = row }
      return keys.compactMap { answers[$0] }
    }
  }

  /// Computes and remembers the logits of many sequences, several in a pass, which takes less time
  /// than one by one. The passes follow from the sequences and their order alone.
  func prepare(_ sequences: [EncodedSequence], on device: Device, observe: (Int) -> Void) {
    var passes: [Range<Int>] = []
    var (start, tokens) = (0, 0)
    for (index, sequence) in sequences.enumerated() {
      tokens += sequence.ids.count
      // As many as stay in a core's cache.
      if tokens >= 512 || index == sequences.count - 1 {
        passes.append(start..<index + 1)
        (start, tokens) = (index + 1, 0)
      }
    }
    let together = 16 * device.threads
    for first in stride(from: 0, to: passes.count, by: together) {
      let part = Array(passes[first..<min(first + together, passes.count)])
      let found = device.map(part.count) { index in
        self.forward(TokenBatch(sequences[part[index]]), on: device)
      }
      answers.withLock { answers in
        for (range, rows) in zip(part, found) {
          for (sequence, row) in zip(sequences[range], rows) {
            let key = SequenceKey(ids: sequence.ids, typeIDs: sequence.typeIDs)
            if answers[key] == nil { answers[key] = row }
          }
        }
      }
      observe(part.last?.upperBound ?? 0)
    }
  }

  private func forward(_ batch: TokenBatch, on device: Device) -> [[Float]] {
    let logits =
      switch model {
      case .packed(let model): model.forward(batch, on: device).logits
      case .plain(let model): model.forward(batch, on: device).logits
      }
    return (0..<batch.sequenceCount).map { logits.row($0) }
  }

  /// The logits of a batch with the hidden states at the given places, as
  /// ``SequenceClassifier/Trace`` counts them.
  func states(
    _ places: Set<Int>, _ batch: TokenBatch, wantsAllTokens: Bool, on device: Device
  ) -> (logits: [[Float]], states: [Int: Tensor]) {
    switch model {
    case .packed(let model):
      model.states(places, batch, wantsAllTokens: wantsAllTokens, on: device)
    case .plain(let model):
      model.states(places, batch, wantsAllTokens: wantsAllTokens, on: device)
    }
  }
}

extension SequenceClassifier {
  fileprivate func states(
    _ places: Set<Int>, _ batch: TokenBatch, wantsAllTokens: Bool, on device: Device
  ) -> (logits: [[Float]], states: [Int: Tensor]) {
    var options = ForwardOptions(isRecording: true)
    options.wantsAllTokens = wantsAllTokens
    let trace = forward(batch, options: options, on: device)
    var states: [Int: Tensor] = [:]
    for place in places { states[place] = trace.hiddenState(place) }
    return ((0..<batch.sequenceCount).map { trace.logits.row($0) }, states)
  }
}

/// The content of a sequence.
private struct SequenceKey: Hashable {
  let ids, typeIDs: [Int32]

  var batch: TokenBatch { TokenBatch(ids: ids, typeIDs: typeIDs, lengths: [ids.count]) }

  static func all(of batch: TokenBatch) -> [SequenceKey] {
    zip(batch.offsets, batch.lengths).map { start, length in
      let tokens = start..<start + length
      return SequenceKey(ids: Array(batch.ids[tokens]), typeIDs: Array(batch.typeIDs[tokens]))
    }
  }
}
