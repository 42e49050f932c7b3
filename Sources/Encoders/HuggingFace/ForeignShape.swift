// What a configuration of another project says of a model.

import Checkpoints

/// The family, sizes and labels of a checkpoint.
struct ForeignShape {
  let family: ModelFamily
  let configuration: EncoderConfiguration
  let labelNames: [String]
  /// What the reader should know.
  let notes: [String]

  /// No size of a model that somebody means is larger, and the product of two fits an integer.
  private static let most = 1 << 24
  private static let mostLabels = 1 << 16

  /// Reads and checks every key that matters. Throws for what would give other logits than the
  /// model was trained for, with the key, what was expected and what was found.
  init(_ fields: [String: JSONValue], path: String) throws(CheckpointError) {
    var file = ForeignConfiguration(fields, path: path)
    family = try Self.family(&file)
    try Self.checkChoices(&file, family)
    labelNames = try Self.labels(&file)
    configuration = try Self.configuration(&file, family, labelCount: labelNames.count)
    file.passOver(Self.harmlessKeys)
    let unknown = file.unseenKeys
    notes =
      unknown.isEmpty
      ? []
      : ["\(path): passed over keys that are not known here: \(unknown.listed)"]
  }

  private static func family(
    _ file: inout ForeignConfiguration
  ) throws(CheckpointError) -> ModelFamily {
    let value = file.value("model_type")
    guard case .string(let name) = value, let family = ModelFamily(rawValue: name) else {
      let known = ModelFamily.allCases.map(\.rawValue).joined(separator: ", ")
      throw file.refusal("model_type", "one of \(known)", value)
    }
    return family
  }

  /// What the encoder can do one way only.
  private static func checkChoices(
    _ file: inout ForeignConfiguration, _ family: ModelFamily
  ) throws(CheckpointError) {
    try file.require(family == .distilBERT ? "activation" : "hidden_act", .string("gelu"))
    try file.require("position_embedding_type", .string("absolute"))
    for key in ["is_decoder", "add_cross_attention", "is_encoder_decoder"] {
      try file.require(key, .boolean(false))
    }
    try file.require("pruned_heads", .object([:]))
    try file.require("problem_type", .string("single_label_classification"))
    try file.require("quantization_config", .object([:]))
    // Other tasks' heads may have the same names, and mean something else.
    let accepted = ["SequenceClassification", "MaskedLM", "PreTraining", "NextSentencePrediction"]
    let value = file.value("architectures")
    guard case .array(let architectures) = value else { return }
    for case .string(let name) in architectures {
      guard let task = name.firstRange(of: "For") else { continue }
      guard accepted.contains(String(name[task.upperBound...])) else {
        throw file.refusal(
          "architectures", "\(family.architecture), or one without a classifier", .string(name))
      }
    }
  }

  /// The names of classes, from `id2label`; `LABEL_0`, `LABEL_1` and so on where there are none.
  private static func labels(
    _ file: inout ForeignConfiguration
  ) throws(CheckpointError) -> [String] {
    var count: Int?
    for key in ["num_labels", "_num_labels"] where file.value(key) != nil {
      count = try file.integer(key, in: 1...mostLabels)
    }
    let value = file.value("id2label")
    guard let value else { return (0..<(count ?? 2)).map { "LABEL_\($0)" } }
    guard case .object(let names) = value, (1...mostLabels).contains(names.count) else {
      throw file.refusal("id2label", "an object of 1 to \(mostLabels) names", value)
    }
    if let count, count != names.count {
      throw file.refusal("num_labels", "\(names.count) as in id2label", .integer(count))
    }
    var labels: [String] = []
    for index in 0..<names.count {
      guard case .string(let name) = names["\(index)"] else {
        throw file.refusal("id2label", "a name for label \(index)", names["\(index)"])
      }
      labels.append(name)
    }
    return labels
  }

  private static func configuration(
    _ file: inout ForeignConfiguration, _ family: ModelFamily, labelCount: Int
  ) throws(CheckpointError) -> EncoderConfiguration {
    let isDistil = family == .distilBERT
    let hidden = try file.integer(isDistil ? "dim" : "hidden_size", in: 1...most)
    let layerCount = try file.integer(isDistil ? "n_layers" : "num_hidden_layers", in: 0...1024)
    let headsKey = isDistil ? "n_heads" : "num_attention_heads"
    let heads = try file.integer(headsKey, in: 1...most)
    guard hidden.isMultiple(of: heads) else {
      throw file.refusal(headsKey, "a divisor of the hidden size \(hidden)", .integer(heads))
    }
    // XLM-RoBERTa counts positions from the one after the padding's.
    let padding = try file.integer(
      "pad_token_id", in: 0...most - 1, default: family == .xlmRoBERTa ? 1 : 0)
    let firstPosition = family == .xlmRoBERTa ? padding + 1 : 0
    let positions = try file.integer("max_position_embeddings", in: firstPosition + 1...most + 1)
    let layer = LayerShape(
      headCount: heads, headSize: hidden / heads,
      intermediateSize: try file.integer(
        isDistil ? "hidden_dim" : "intermediate_size", in: 0...most))
    return EncoderConfiguration(
      vocabularySize: try file.integer("vocab_size", in: 1...most), hiddenSize: hidden,
      maximumPositions: positions, firstPosition: firstPosition,
      tokenTypeCount: isDistil ? 0 : try file.integer("type_vocab_size", in: 1...most, default: 2),
      labelCount: labelCount, poolerActivation: isDistil ? .relu : .tanh,
      layerNormEpsilon: isDistil
        ? 1e-12
        : min(
          Float(try file.number("layer_norm_eps", in: 0..<1, default: 1e-12)), Float(1).nextDown),
      layers: Array(repeating: layer, count: layerCount))
  }

  /// Keys that change neither weights nor logits: dropout and other matters of training, ids that
  /// the tokenizer has too, matters of text generation, and notes of the library on itself.
  private static let harmlessKeys = [
    "_attn_implementation_autoset", "_name_or_path", "attention_dropout",
    "attention_probs_dropout_prob", "bos_token_id", "chunk_size_feed_forward", "classifier_dropout",
    "directionality", "dropout", "dtype", "eos_token_id", "finetuning_task",
    "gradient_checkpointing", "hidden_dropout_prob", "initializer_range", "label2id", "language",
    "mask_token_id", "name", "output_attentions", "output_hidden_states", "output_past",
    "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers",
    "pooler_size_per_head", "pooler_type", "qa_dropout", "return_dict", "sep_token_id",
    "seq_classif_dropout", "sinusoidal_pos_embds", "tie_weights_", "tie_word_embeddings",
    "torch_dtype", "torchscript", "transformers_version", "unk_token_id", "use_cache",
  ]
}

extension [String] {
  /// As many names as a reader wants to see.
  var listed: String {
    count <= 8
      ? joined(separator: ", ") : prefix(7).joined(separator: ", ") + " and \(count - 7) more"
  }
}
