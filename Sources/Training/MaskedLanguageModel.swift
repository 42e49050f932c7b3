// Pre-training: guessing hidden words.

public import Encoders
import Foundation
public import Tensors
public import Text

/// Masked language modelling (Devlin et al., 2019, arXiv:1810.04805): a share of the tokens is
/// hidden, and the encoder guesses them from the rest.
///
/// As published, of the chosen tokens 80 % become [MASK], 10 % another token and 10 % stay. Unlike
/// there, hidden vectors are compared with the word embeddings directly, without a layer in
/// between: nothing is learned that the classifier would not keep. Which tokens are hidden follows
/// from the batch and the step's dropout key, so that every epoch hides others.
public struct MaskedLanguageModel: Objective {
  private let vocabulary: Vocabulary
  private let share: Double

  /// An objective that hides a share of the tokens.
  public init(vocabulary: Vocabulary, share: Double = 0.15) {
    self.vocabulary = vocabulary
    self.share = share
  }

  public func callAsFunction(
    _ model: DenseClassifier, _ batch: LabeledBatch, _ options: ForwardOptions,
    into gradients: inout DenseClassifier, on device: Device
  ) -> Float {
    let (tokens, hidden) = mask(batch.tokens, key: options.dropout?.key ?? 0)
    var options = options
    options.isRecording = true
    options.wantsAllTokens = true
    let trace = model.forward(tokens, options: options, on: device)
    guard let states = trace.hidden, !hidden.isEmpty else { return 0 }

    let word = model.embeddings.word
    let rows = device.gatherRows(states, at: hidden)  // [M, hidden]
    let logits = device.linear(rows, weight: word, bias: Tensor(zeros: word.shape[0]))  // [M, V]
    let targets = hidden.map { Int(batch.tokens.ids[Int($0)]) }
    let (loss, dLogits) = CrossEntropy.ofRows(device.softmax(logits), targets)
    var unused = Tensor(zeros: word.shape[0])
    let dRows = device.linearBackward(
      dLogits, input: rows, weight: word, weightGradient: &gradients.embeddings.word,
      biasGradient: &unused)
    var dStates = Tensor(zeros: states.shape)
    device.scatterAddRows(dRows, at: hidden, to: &dStates)
    let gradient = TraceGradient(
      logits: Tensor(zeros: trace.logits.shape), hiddenStates: [model.layers.count: dStates])
    model.backward(gradient, trace, into: &gradients, on: device)
    return loss
  }

  /// The batch with some tokens hidden, and where they are.
  private func mask(_ batch: TokenBatch, key: UInt64) -> (tokens: TokenBatch, hidden: [Int32]) {
    var stream = RandomStream(key, 0x3a5c)
    var tokens = batch
    var hidden: [Int32] = []
    let special = [vocabulary.classification, vocabulary.separator]
    for (index, id) in batch.ids.enumerated() where !special.contains(id) {
      guard stream.uniform() < share else { continue }
      hidden.append(Int32(index))
      let choice = stream.uniform()
      if choice < 0.8 {
        tokens.ids[index] = vocabulary.mask
      } else if choice < 0.9 {
        tokens.ids[index] = Int32(stream.next() % UInt64(vocabulary.size))
      }
    }
    return (tokens, hidden)
  }
}

extension CrossEntropy {
  /// The mean of −log p(target) over rows of probabilities, and its gradient by the logits, which
  /// takes the probabilities' memory.
  static func ofRows(
    _ probabilities: consuming Tensor, _ targets: [Int]
  ) -> (value: Float, gradient: Tensor) {
    let width = probabilities.shape[1]
    var gradient = probabilities
    var loss = 0.0
    for (row, target) in targets.enumerated() {
      loss -= log(max(Double(gradient[row * width + target]), 1e-30))
      gradient[row * width + target] -= 1
    }
    gradient.scale(by: 1 / Float(targets.count))
    return (Float(loss / Double(targets.count)), gradient)
  }
}
