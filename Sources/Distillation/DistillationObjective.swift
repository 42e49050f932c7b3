// A teacher's answers and hidden states as what training makes small.

public import Encoders
public import Tensors
public import Text
public import Training

/// Knowledge distillation: a student learns from a teacher's softened answers (Hinton, Vinyals &
/// Dean, 2015, arXiv:1503.02531), from the labels, and from the teacher's hidden states (as
/// TinyBERT, Jiao et al., 2020, arXiv:1909.10351, without its projections and its attention maps).
///
/// What is made small is the sum, each times its weight, of `SoftLabels`, of the cross-entropy with
/// the labels, and of the squared difference of hidden states: its mean over a sequence's tokens
/// and channels, over the batch and over the layers that are compared. Unlike in the papers it is a
/// mean over layers too, so that a weight means the same for every number of them. Of the last
/// layer only first tokens are compared, which are all that it computes, unless the pass wants all
/// tokens.
///
/// The teacher has no dropout. Its logits are remembered by a sequence's content: where hidden
/// states have no weight, it is asked about each sequence once, which takes the memory of the
/// sequences and their logits. Hidden states are computed anew in every step. The same batches give
/// the same bits for any number of threads, and whatever the teacher was asked before.
public struct DistillationObjective: Objective {
  private let teacher: Teacher
  private let options: DistillationOptions
  private let hardLabels: CrossEntropy
  private let pairs: [Pair]

  /// A hidden state of the student and the teacher's that it follows, counted as in
  /// ``SequenceClassifier/Trace/hiddenState(_:)``.
  private struct Pair: Sendable {
    let student, teacher: Int
    let isLast, isTeachersLast: Bool
  }

  /// An objective for students of the sizes `student`. The teacher computes in the precision of
  /// `device`'s products, which should be that of training.
  ///
  /// Throws for options that cannot be meant, and for a teacher that such a student cannot learn
  /// from. That both have the same tokenizer and the same order of labels is the caller's to know.
  public init(
    teacher: DenseClassifier, student: EncoderConfiguration,
    options: DistillationOptions = DistillationOptions(),
    hardLabels: CrossEntropy = CrossEntropy(), on device: Device
  ) throws(DistillationError) {
    try options.validate()
    try student.check(teacher: teacher.configuration)
    self.teacher = Teacher(teacher, on: device)
    self.options = options
    self.hardLabels = hardLabels
    guard options.hiddenWeight > 0 else {
      pairs = []
      return
    }
    try student.check(teacher: teacher.configuration, channels: options.channels)
    let (layers, teacherLayers) = (student.layers.count, teacher.layers.count)
    let followed = try options.layerMap.layers(ofStudent: layers, teacher: teacherLayers)
    pairs = followed.enumerated().map { layer, followed in
      Pair(
        student: layer + 1, teacher: followed + 1, isLast: layer == layers - 1,
        isTeachersLast: followed == teacherLayers - 1)
    }
  }

  public var readsOnlyTokensOfBatch: Bool { true }

  /// Asks the teacher about all sequences of a run at once, several in a pass: faster than in the
  /// steps of the first epoch, where it answers one by one. `observe` hears how many are done.
  ///
  /// Does nothing where answers are not remembered. Passes follow from the sequences and their
  /// order, so that a run that is resumed has to begin with the same call to end in the same bytes.
  public func prepare(
    _ sequences: [EncodedSequence], on device: Device, observe: (Int) -> Void = { _ in }
  ) {
    if options.softWeight > 0 && pairs.isEmpty {
      teacher.prepare(sequences, on: device, observe: observe)
    }
  }

  public func callAsFunction(
    _ model: DenseClassifier, _ batch: LabeledBatch, _ options: ForwardOptions,
    into gradients: inout DenseClassifier, on device: Device
  ) -> Float {
    // The teacher first: what its pass needs is free again before the student's is kept.
    let (answers, states) = lesson(batch.tokens, options, on: device)
    var options = options
    options.isRecording = true
    let trace = model.forward(batch.tokens, options: options, on: device)
    var gradient = TraceGradient(logits: Tensor(zeros: trace.logits.shape))
    var loss: Float = 0
    func add(_ part: (value: Float, gradient: Tensor), weight: Float, to sum: inout Tensor) {
      loss += weight * part.value
      var weighted = part.gradient
      weighted.scale(by: weight)
      device.add(weighted, to: &sum)
    }
    if self.options.hardWeight > 0 {
      add(
        hardLabels(trace.logits, batch), weight: self.options.hardWeight, to: &gradient.logits)
    }
    if self.options.softWeight > 0 {
      let softLabels = SoftLabels(temperature: self.options.temperature)
      add(
        softLabels(trace.logits, teacher: answers), weight: self.options.softWeight,
        to: &gradient.logits)
    }
    for pair in pairs {
      guard let state = trace.hiddenState(pair.student), let target = states[pair.student] else {
        preconditionFailure("a recorded pass has hidden state \(pair.student)")
      }
      let isFirstOnly = pair.isLast && !options.wantsAllTokens
      let lengths = isFirstOnly ? batch.tokens.lengths.map { _ in 1 } : batch.tokens.lengths
      var (value, dState) = device.meanSquaredError(
        state, target, SequenceOffsets(lengths: lengths))
      let weight = self.options.hiddenWeight / Float(pairs.count)
      dState.scale(by: weight)
      loss += weight * Float(value)
      gradient.hiddenStates[pair.student] = dState
    }
    model.backward(gradient, trace, into: &gradients, on: device)
    return loss
  }

  /// What the teacher says of a batch: its logits, and for each hidden state of the student that
  /// follows one of the teacher's, that one, with the student's tokens and channels.
  private func lesson(
    _ batch: TokenBatch, _ pass: ForwardOptions, on device: Device
  ) -> (logits: [[Float]], states: [Int: Tensor]) {
    guard !pairs.isEmpty else {
      return (options.softWeight > 0 ? teacher.logits(batch, on: device) : [], [:])
    }
    func isFirstOnly(_ pair: Pair) -> Bool { pair.isLast && !pass.wantsAllTokens }
    let wantsAllTokens = pairs.contains { $0.isTeachersLast && !isFirstOnly($0) }
    let (logits, found) = teacher.states(
      Set(pairs.map(\.teacher)), batch, wantsAllTokens: wantsAllTokens, on: device)
    let firstTokens = SequenceOffsets(lengths: batch.lengths).firstTokens
    var states: [Int: Tensor] = [:]
    for pair in pairs {
      guard var state = found[pair.teacher] else {
        preconditionFailure("a recorded pass has hidden state \(pair.teacher)")
      }
      if isFirstOnly(pair) && (wantsAllTokens || !pair.isTeachersLast) {
        state = device.gatherRows(state, at: firstTokens)
      }
      states[pair.student] = options.channels.map { state.columns(at: $0) } ?? state
    }
    return (logits, states)
  }
}

extension EncoderConfiguration {
  /// Throws unless a teacher of these sizes reads what this student reads, and answers alike.
  fileprivate func check(teacher: EncoderConfiguration) throws(DistillationError) {
    guard teacher.labelCount == labelCount else {
      throw .otherLabels(teacher: teacher.labelCount, student: labelCount)
    }
    func require(
      _ isSound: Bool, _ what: String, _ size: (EncoderConfiguration) -> Int
    ) throws(DistillationError) {
      guard isSound else {
        throw .otherInput(what: what, teacher: size(teacher), student: size(self))
      }
    }
    try require(
      teacher.vocabularySize == vocabularySize, "pieces of the vocabulary", \.vocabularySize)
    try require(teacher.maximumLength >= maximumLength, "tokens at most", \.maximumLength)
    try require(
      teacher.tokenTypeCount == 0 || teacher.tokenTypeCount >= tokenTypeCount, "types of tokens",
      \.tokenTypeCount)
  }

  /// Throws unless this student's channels can be compared with the teacher's.
  fileprivate func check(
    teacher: EncoderConfiguration, channels: [Int]?
  ) throws(DistillationError) {
    guard let channels else {
      guard teacher.hiddenSize == hiddenSize else {
        throw .otherWidth(teacher: teacher.hiddenSize, student: hiddenSize)
      }
      return
    }
    guard channels.count == hiddenSize else {
      throw .invalidChannels(
        reason: "expected one of the teacher's for each of the student's \(hiddenSize), found "
          + "\(channels.count)")
    }
    if let outside = channels.first(where: { !(0..<teacher.hiddenSize).contains($0) }) {
      throw .invalidChannels(
        reason: "\(outside) is not there; the teacher has \(teacher.hiddenSize), counted from 0")
    }
  }
}
