// config.json as the `transformers` library writes it.

import Tensors
import Text

/// The keys that a family's configuration has.
enum FamilyConfiguration {
  /// What `transformers` needs to build the same model. Dropout and the deviation of new weights,
  /// which Pare does not keep, are BERT's (Devlin et al., 2019).
  static func fields(
    _ family: ModelFamily, _ configuration: EncoderConfiguration, _ labelNames: [String],
    _ vocabulary: Vocabulary, _ type: ElementType
  ) -> [String: JSONValue] {
    let names = labelNames.enumerated().map { ("\($0.offset)", JSONValue.string($0.element)) }
    let ids = labelNames.enumerated().map { ($0.element, JSONValue.integer($0.offset)) }
    let common: [String: JSONValue] = [
      "architectures": .array([.string(family.architecture)]),
      "dtype": .string(type.libraryName),
      "id2label": .object(Dictionary(uniqueKeysWithValues: names)),
      "initializer_range": .number(0.02),
      "label2id": .object(Dictionary(ids) { first, _ in first }),
      "max_position_embeddings": .integer(configuration.maximumPositions),
      "model_type": .string(family.rawValue),
      "pad_token_id": .integer(Int(vocabulary.padding)),
      "problem_type": .string("single_label_classification"),
      "vocab_size": .integer(configuration.vocabularySize),
    ]
    return common.merging(sizes(family, configuration, vocabulary)) { $1 }
  }

  private static func sizes(
    _ family: ModelFamily, _ configuration: EncoderConfiguration, _ vocabulary: Vocabulary
  ) -> [String: JSONValue] {
    let layer = configuration.evenLayer
    let (heads, neurons) = (layer?.headCount ?? 1, layer?.intermediateSize ?? 1)
    switch family {
    case .distilBERT:
      return [
        "activation": .string("gelu"), "attention_dropout": .number(0.1),
        "dim": .integer(configuration.hiddenSize), "dropout": .number(0.1),
        "hidden_dim": .integer(neurons), "n_heads": .integer(heads),
        "n_layers": .integer(configuration.layers.count), "seq_classif_dropout": .number(0.1),
      ]
    case .bert, .xlmRoBERTa:
      var fields: [String: JSONValue] = [
        "attention_probs_dropout_prob": .number(0.1), "hidden_act": .string("gelu"),
        "hidden_dropout_prob": .number(0.1), "hidden_size": .integer(configuration.hiddenSize),
        "intermediate_size": .integer(neurons),
        // By its text: a double of 1e-12, not of the float that is nearest to it.
        "layer_norm_eps": .number(
          Double("\(configuration.layerNormEpsilon)") ?? Double(configuration.layerNormEpsilon)),
        "num_attention_heads": .integer(heads),
        "num_hidden_layers": .integer(configuration.layers.count),
        "type_vocab_size": .integer(configuration.tokenTypeCount),
      ]
      if family == .xlmRoBERTa {
        fields["bos_token_id"] = .integer(Int(vocabulary.classification))
        fields["eos_token_id"] = .integer(Int(vocabulary.separator))
      }
      return fields
    }
  }
}

extension ElementType {
  /// The type's name in PyTorch.
  fileprivate var libraryName: String {
    switch self {
    case .f32: "float32"
    case .f16: "float16"
    case .bf16: "bfloat16"
    }
  }
}
