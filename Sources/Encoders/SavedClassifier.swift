// A model's folder: weights, sizes, tokenizer, labels and history.

public import Checkpoints
public import Foundation
public import Tensors
public import Text

/// A classifier with all that it needs to read text: loads with no parent at hand, whatever was cut
/// from it.
public struct SavedClassifier: Sendable {
  /// The weights and sizes.
  public var classifier: DenseClassifier
  /// Turns text into ids.
  public var tokenizer: any Tokenizer
  /// A name for each class.
  public var labelNames: [String]
  /// How the model came to be.
  public var card: ModelCard

  /// A classifier ready to be written; sizes of its parts must agree.
  public init(
    classifier: DenseClassifier, tokenizer: any Tokenizer, labelNames: [String],
    card: ModelCard
  ) {
    precondition(labelNames.count == classifier.configuration.labelCount, "\(labelNames)")
    self.classifier = classifier
    self.tokenizer = tokenizer
    self.labelNames = labelNames
    self.card = card
  }

  /// Reads a folder. Throws `CheckpointError` or `TextError`: a file that is missing or unsound, or
  /// weights of other shapes than config.json gives.
  public init(contentsOf folder: URL) throws {
    let configurationURL = folder.appendingPathComponent("config.json")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw CheckpointError.missing(path: folder.path, hint: "expected a model folder")
    }
    for name in ["config.json", "model.safetensors", "tokenizer.model"]
    where !FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path) {
      throw CheckpointError.notAModel(path: folder.path, missing: name)
    }
    let file = try StrictJSON.decode(ConfigurationFile.self, contentsOf: configurationURL)
    let configuration = try file.configuration(path: configurationURL.path)
    labelNames = file.labelNames
    tokenizer = try TokenizerFolder.read(folder)
    guard tokenizer.vocabulary.size <= configuration.vocabularySize else {
      throw CheckpointError.invalidJSON(
        path: configurationURL.path,
        reason: "vocab_size is \(configuration.vocabularySize), but tokenizer.model has "
          + "\(tokenizer.vocabulary.size) pieces")
    }
    classifier = try DenseClassifier(
      configuration,
      from: SafetensorsFile(contentsOf: folder.appendingPathComponent("model.safetensors")))
    let cardURL = folder.appendingPathComponent("card.json")
    card =
      FileManager.default.fileExists(atPath: cardURL.path)
      ? try StrictJSON.decode(ModelCard.self, contentsOf: cardURL) : ModelCard()
  }

  /// Writes the folder beside `folder` and renames it. `extraFiles` go with it, by name.
  public func write(
    to folder: URL, as type: ElementType = .f32, extraFiles: [String: Data] = [:]
  ) throws {
    let configuration = try StrictJSON.encode(
      ConfigurationFile(classifier.configuration, labelNames: labelNames))
    let history = try StrictJSON.encode(card)
    try AtomicFile.writeFolder(folder) { folder in
      func put(_ data: Data, _ name: String) throws {
        try AtomicFile.write(data, to: folder.appendingPathComponent(name))
      }
      try put(configuration, "config.json")
      try put(history, "card.json")
      for (name, data) in try tokenizer.files() { try put(data, name) }
      for (name, data) in extraFiles { try put(data, name) }
      try SafetensorsFile.write(
        classifier.parameters, as: type, metadata: ["format": "pare"],
        to: folder.appendingPathComponent("model.safetensors"))
    }
  }
}

extension SequenceClassifier where P == Linear {
  /// As many parameters as may be allocated for a file that has fewer: 256 MB.
  private static var harmlessCount: Int { 1 << 26 }

  /// The weights of `file`, which must hold exactly the tensors that `configuration` needs.
  public init(
    _ configuration: EncoderConfiguration, from file: SafetensorsFile
  ) throws(CheckpointError) {
    // A slip in config.json must not take all memory before the first shape is compared.
    let expected = configuration.cost(sequenceLength: 1).parameters.total
    let found = file.names.reduce(0) { $0 + (file.shape(of: $1) ?? []).reduce(1, *) }
    guard expected <= found || expected < Self.harmlessCount else {
      throw .wrongShape(
        path: file.path, name: "all tensors together", expected: [expected], found: [found])
    }
    self.init(shaped: configuration)
    var known: Set<String> = []
    try forEachParameter(at: "") { (name, tensor) throws(CheckpointError) in
      let found = try file.tensor(name)
      guard found.shape == tensor.shape else {
        throw .wrongShape(path: file.path, name: name, expected: tensor.shape, found: found.shape)
      }
      tensor = found
      known.insert(name)
    }
    for name in file.names where !known.contains(name) {
      throw .unexpectedTensor(path: file.path, name: name)
    }
  }
}

/// `config.json`: BERT's usual keys where they fit, and our own section for what they cannot say.
private struct ConfigurationFile: Codable {
  struct Pare: Codable {
    var layers: [LayerShape]
    var firstPosition: Int?
    var poolerActivation: PoolerActivation?
  }

  var modelType = "bert"
  var activation = "gelu"
  var vocabularySize, hiddenSize, maximumPositions, tokenTypeCount, layerCount: Int
  var layerNormEpsilon: Float
  var labels: [String: String]
  var pare: Pare

  enum CodingKeys: String, CodingKey {
    case modelType = "model_type"
    case activation = "hidden_act"
    case vocabularySize = "vocab_size"
    case hiddenSize = "hidden_size"
    case maximumPositions = "max_position_embeddings"
    case tokenTypeCount = "type_vocab_size"
    case layerCount = "num_hidden_layers"
    case layerNormEpsilon = "layer_norm_eps"
    case labels = "id2label"
    case pare
  }

  init(_ configuration: EncoderConfiguration, labelNames: [String]) {
    vocabularySize = configuration.vocabularySize
    hiddenSize = configuration.hiddenSize
    maximumPositions = configuration.maximumPositions
    tokenTypeCount = configuration.tokenTypeCount
    layerNormEpsilon = configuration.layerNormEpsilon
    layerCount = configuration.layers.count
    labels = Dictionary(
      uniqueKeysWithValues: labelNames.enumerated().map { (String($0.offset), $0.element) })
    pare = Pare(
      layers: configuration.layers, firstPosition: configuration.firstPosition,
      poolerActivation: configuration.poolerActivation)
  }

  var labelNames: [String] { labels.indices.isEmpty ? [] : (0..<labels.count).map(name) }

  private func name(_ index: Int) -> String { labels[String(index)] ?? String(index) }

  /// The configuration, once its numbers are seen to be possible.
  func configuration(path: String) throws(CheckpointError) -> EncoderConfiguration {
    func refuse(_ key: String, _ expected: String, _ found: some Any) -> CheckpointError {
      .invalidJSON(path: path, reason: "\(key): expected \(expected), found \(found)")
    }
    let most = 1 << 24
    let sizes = [
      ("vocab_size", vocabularySize), ("hidden_size", hiddenSize),
      ("max_position_embeddings", maximumPositions), ("type_vocab_size", tokenTypeCount),
      ("id2label", labels.count),
    ]
    let firstPosition = pare.firstPosition ?? 0
    for (key, size) in sizes where size < (key == "type_vocab_size" ? 0 : 1) || size > most {
      throw refuse(key, "1 to \(most)", size)
    }
    guard (0..<maximumPositions).contains(firstPosition) else {
      throw refuse("pare.firstPosition", "0 to \(maximumPositions - 1)", firstPosition)
    }
    guard modelType == "bert" else { throw refuse("model_type", "bert", modelType) }
    guard activation == "gelu" else { throw refuse("hidden_act", "gelu", activation) }
    guard pare.layers.count <= 1024 else {
      throw refuse("num_hidden_layers", "0 to 1024", pare.layers.count)
    }
    guard layerCount == pare.layers.count else {
      throw refuse("num_hidden_layers", "\(pare.layers.count) as in pare.layers", layerCount)
    }
    guard layerNormEpsilon >= 0, layerNormEpsilon < 1 else {
      throw refuse("layer_norm_eps", "0 to 1", layerNormEpsilon)
    }
    for index in 0..<labels.count where labels[String(index)] == nil {
      throw refuse("id2label", "a name for label \(index)", labels.keys.sorted())
    }
    for (index, layer) in pare.layers.enumerated() {
      let sizes = [layer.headCount, layer.headSize, layer.intermediateSize]
      guard sizes.allSatisfy({ 0 <= $0 && $0 <= most }), layer.headSize > 0,
        layer.headCount <= most / layer.headSize
      else { throw refuse("pare.layers[\(index)]", "sizes from 0 to \(most)", layer) }
    }
    return EncoderConfiguration(
      vocabularySize: vocabularySize, hiddenSize: hiddenSize, maximumPositions: maximumPositions,
      firstPosition: firstPosition, tokenTypeCount: tokenTypeCount, labelCount: labels.count,
      poolerActivation: pare.poolerActivation ?? .tanh, layerNormEpsilon: layerNormEpsilon,
      layers: pare.layers)
  }
}
