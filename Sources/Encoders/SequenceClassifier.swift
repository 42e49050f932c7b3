// The whole model: embeddings, layers, pooler, classifier.

public import Tensors
public import Text

/// A BERT encoder with a classifier on its first token (Devlin et al., 2019, arXiv:1810.04805),
/// generic over how its matrices are stored.
public struct SequenceClassifier<P: Projection>: Sendable {
  /// All sizes; the only place where they are kept.
  public internal(set) var configuration: EncoderConfiguration
  /// Token, position and token-type embeddings.
  public var embeddings: Embeddings
  /// Lowest first.
  public var layers: [EncoderLayer<P>]
  /// Then its activation, on the first token's vector.
  public var pooler: P
  /// From the pooled vector to logits.
  public var classifier: P

  /// Logits and what a backward pass needs.
  public struct Trace: Sendable {
    /// [sequences, labels].
    public let logits: Tensor
    /// The last layer's output, [tokens, hidden], where the pass was asked for all tokens.
    public let hidden: Tensor?
    var layers: [EncoderLayer<P>.Cache] = []
    var head: HeadCache?
    let batch: TokenBatch
    let offsets: SequenceOffsets
    let options: ForwardOptions

    /// What went into layer `index` of a recorded pass, [tokens, hidden]; at the number of layers,
    /// what came out of the last: of all tokens where the pass was asked for them, else of the
    /// first ones.
    public func hiddenState(_ index: Int) -> Tensor? {
      index < layers.count ? layers[index].attention.input : hidden ?? head?.first
    }
  }

  struct HeadCache: Sendable {
    let embeddings: Embeddings.Cache
    let first, pooled, dropped: Tensor
    let dropout: Dropout
  }

  /// The logits of a batch, and with `options.isRecording` all that a backward pass needs.
  ///
  /// Only the first token feeds the classifier, so the last layer computes no other unless asked.
  public func forward(
    _ batch: TokenBatch, options: ForwardOptions = .init(), on device: Device
  ) -> Trace {
    precondition(
      batch.lengths.allSatisfy { 0 < $0 && $0 <= configuration.maximumLength },
      "a sequence is empty or longer than \(configuration.maximumLength) tokens")
    let offsets = SequenceOffsets(lengths: batch.lengths)
    var (x, embeddingsCache) = embeddings.forward(
      batch, offsets, configuration, options, on: device)  // [T, hidden]
    options.didCompute?(.embeddings)
    var caches: [EncoderLayer<P>.Cache] = []
    for (index, layer) in layers.enumerated() {
      let (y, cache) = layer.forward(x, pass(index, offsets, options, device))
      x = y
      if let cache { caches.append(cache) }
    }
    let hidden = options.wantsAllTokens ? x : nil
    if layers.isEmpty || options.wantsAllTokens {
      x = device.gatherRows(x, at: offsets.firstTokens)
    }
    let (logits, head) = self.head(x, options, embeddingsCache, on: device)
    options.didCompute?(.head)
    return Trace(
      logits: logits, hidden: hidden, layers: caches, head: head, batch: batch, offsets: offsets,
      options: options)
  }

  /// The logits [sequences, labels] of the first tokens' vectors [sequences, hidden].
  func head(
    _ first: Tensor, _ options: ForwardOptions, _ embeddings: Embeddings.Cache?, on device: Device
  ) -> (logits: Tensor, cache: HeadCache?) {
    let pooled = configuration.poolerActivation.forward(pooler(first, on: device), on: device)
    var dropped = pooled
    if let gates = options.gates { device.scaleGroups(&dropped, by: gates.channels) }
    let dropout = options.dropout(.pooled)
    device.applyDropout(dropout, to: &dropped)
    let cache = embeddings.map {
      HeadCache(embeddings: $0, first: first, pooled: pooled, dropped: dropped, dropout: dropout)
    }
    return (classifier(dropped, on: device), cache)
  }

  func pass(
    _ index: Int, _ offsets: SequenceOffsets, _ options: ForwardOptions, _ device: Device
  ) -> LayerPass {
    LayerPass(
      index: index, shape: configuration.layers[index], offsets: offsets,
      epsilon: configuration.layerNormEpsilon, options: options,
      firstTokenOnly: index == layers.count - 1 && !options.wantsAllTokens, device: device)
  }
}

/// A classifier in 32-bit floats, which can be trained and pruned.
public typealias DenseClassifier = SequenceClassifier<Linear>

/// The gradient of a loss by what a pass gave.
public struct TraceGradient: Sendable {
  /// By the logits, [sequences, labels].
  public var logits: Tensor
  /// By hidden states, in the shapes and at the places of
  /// ``SequenceClassifier/Trace/hiddenState(_:)``.
  public var hiddenStates: [Int: Tensor]

  /// A gradient.
  public init(logits: Tensor, hiddenStates: [Int: Tensor] = [:]) {
    self.logits = logits
    self.hiddenStates = hiddenStates
  }
}

extension SequenceClassifier where P == Linear {
  /// Adds to `gradients` what `gradient` means for every parameter. Returns the gradients of gates
  /// where the pass had some.
  @discardableResult
  public func backward(
    _ gradient: TraceGradient, _ trace: consuming Trace, into gradients: inout DenseClassifier,
    on device: Device
  ) -> GateGradients? {
    guard let head = trace.head else { preconditionFailure("the pass did not record") }
    var trace = trace
    var (dX, channels) = headBackward(
      gradient.logits, head, trace.options, into: &gradients, on: device)
    var dHidden = gradient.hiddenStates[layers.count]
    if !trace.options.wantsAllTokens, let dFirst = dHidden {
      device.add(dFirst, to: &dX)
      dHidden = nil
    }
    if trace.options.wantsAllTokens || layers.isEmpty {
      var dAll = dHidden ?? Tensor(zeros: trace.offsets.tokenCount, configuration.hiddenSize)
      device.scatterAddRows(dX, at: trace.offsets.firstTokens, to: &dAll)
      dX = dAll
    }
    var gates: [GateGradients.Layer] = []
    for index in layers.indices.reversed() {
      let cache = trace.layers.removeLast()  // its memory is free for the next layer
      let (dInput, layerGates) = layers[index].backward(
        dX, cache, pass(index, trace.offsets, trace.options, device),
        into: &gradients.layers[index])
      dX = dInput
      if let dHidden = gradient.hiddenStates[index] { device.add(dHidden, to: &dX) }
      if let layerGates { gates.append(layerGates) }
    }
    let first = embeddings.backward(
      dX, head.embeddings, trace.batch, trace.offsets, configuration, into: &gradients.embeddings,
      on: device)
    guard var channels, let first else { return nil }
    for part in gates.flatMap(\.channels) + [first] { device.add(part, to: &channels) }
    let isOpen = trace.options.gates?.channels.map { $0 == 0 ? 0 : 1 as Float }
    if let isOpen { device.scaleGroups(&channels, by: isOpen) }
    return GateGradients(layers: gates.reversed(), channels: channels)
  }

  /// Returns the gradient of the first tokens' vectors; and what the pooled vector adds to the
  /// gradients of channels, where the pass had gates.
  private func headBackward(
    _ dLogits: Tensor, _ head: HeadCache, _ options: ForwardOptions,
    into gradients: inout DenseClassifier, on device: Device
  ) -> (dFirst: Tensor, channels: Tensor?) {
    var dPooled = classifier.backward(
      dLogits, input: head.dropped, into: &gradients.classifier, on: device)
    device.applyDropout(head.dropout, to: &dPooled)
    var channels: Tensor?
    if let gates = options.gates?.channels {
      let single = SequenceOffsets(lengths: Array(repeating: 1, count: dPooled.shape[0]))
      channels = device.groupProducts(head.pooled, dPooled, single, groups: gates.count)
      device.scaleGroups(&dPooled, by: gates)
    }
    let dPooler = configuration.poolerActivation.backward(
      dPooled, output: head.pooled, on: device)
    let dFirst = pooler.backward(dPooler, input: head.first, into: &gradients.pooler, on: device)
    return (dFirst, channels)
  }
}

extension PoolerActivation {
  func forward(_ x: consuming Tensor, on device: Device) -> Tensor {
    switch self {
    case .tanh: device.tanh(x)
    case .relu: device.relu(x)
    }
  }

  func backward(_ dY: consuming Tensor, output y: Tensor, on device: Device) -> Tensor {
    switch self {
    case .tanh: device.tanhBackward(dY, output: y)
    case .relu: device.reluBackward(dY, output: y)
    }
  }
}

extension SequenceClassifier: Equatable where P: Equatable {}

extension SequenceClassifier: Parameterized where P: Parameterized {
  public mutating func forEachParameter<E>(
    at path: String, _ body: (String, inout Tensor) throws(E) -> Void
  ) throws(E) {
    try embeddings.forEachParameter(at: join(path, "embeddings"), body)
    for index in layers.indices {
      try layers[index].forEachParameter(at: join(path, "layers.\(index)"), body)
    }
    try pooler.forEachParameter(at: join(path, "pooler"), body)
    try classifier.forEachParameter(at: join(path, "classifier"), body)
  }
}
