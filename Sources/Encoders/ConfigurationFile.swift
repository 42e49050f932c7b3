// config.json of a Pare folder.

import Checkpoints

/// `config.json`: BERT's usual keys where they fit, and our own section for what they cannot say.
struct ConfigurationFile: Codable {
  struct Pare: Codable {
    var layers: [LayerShape]
    var firstPosition: Int?
    var poolerActivation: PoolerActivation?
    var isClassifierNew: Bool?
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

  init(_ configuration: EncoderConfiguration, labelNames: [String], isClassifierNew: Bool) {
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
      poolerActivation: configuration.poolerActivation,
      isClassifierNew: isClassifierNew ? true : nil)
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
