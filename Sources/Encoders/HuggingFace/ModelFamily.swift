// The families of checkpoints that are read and written, and how each names its tensors.

/// A family of encoders as the `transformers` library saves it.
public enum ModelFamily: String, CaseIterable, Codable, Sendable {
  /// BERT and MiniLM (Devlin et al., 2019, arXiv:1810.04805; Wang et al., 2020, arXiv:2002.10957).
  case bert
  /// DistilBERT (Sanh et al., 2019, arXiv:1910.01108): no token types, ReLU in the head.
  case distilBERT = "distilbert"
  /// XLM-RoBERTa (Conneau et al., 2020, arXiv:1911.02116): positions begin after the padding's.
  case xlmRoBERTa = "xlm-roberta"

  /// What comes before the encoder's names where the file holds a head too.
  var prefix: String {
    switch self {
    case .bert: "bert."
    case .distilBERT: "distilbert."
    case .xlmRoBERTa: "roberta."
    }
  }

  /// The class that `transformers` loads for a classifier.
  var architecture: String {
    switch self {
    case .bert: "BertForSequenceClassification"
    case .distilBERT: "DistilBertForSequenceClassification"
    case .xlmRoBERTa: "XLMRobertaForSequenceClassification"
    }
  }

  /// The family's names of one of our parameters, such as `layers.0.attention.queryKeyValue.bias`:
  /// three for queries, keys and values, which we keep in one; none for what the family has not.
  func tensorNames(of parameter: String, prefix: String) -> [String] {
    var path = parameter.split(separator: ".").map(String.init)
    let kind = path.last == "bias" ? "bias" : "weight"
    if let last = path.last, last == kind { path.removeLast() }
    if path.first == "layers" {
      let modules = layerModules(path.dropFirst(2).joined(separator: "."))
      return modules.map { "\(prefix)\(layerList).\(path[1]).\($0).\(kind)" }
    }
    return modules(path.joined(separator: "."), prefix).map { "\($0).\(kind)" }
  }

  private func modules(_ path: String, _ prefix: String) -> [String] {
    switch (path, self) {
    case ("embeddings.word", _): [prefix + "embeddings.word_embeddings"]
    case ("embeddings.position", _): [prefix + "embeddings.position_embeddings"]
    case ("embeddings.tokenType", .distilBERT): []
    case ("embeddings.tokenType", _): [prefix + "embeddings.token_type_embeddings"]
    case ("embeddings.norm", _): [prefix + "embeddings.LayerNorm"]
    case ("pooler", .bert): [prefix + "pooler.dense"]
    case ("pooler", .distilBERT): ["pre_classifier"]
    case ("pooler", .xlmRoBERTa): ["classifier.dense"]
    case ("classifier", .xlmRoBERTa): ["classifier.out_proj"]
    case ("classifier", _): ["classifier"]
    default: preconditionFailure("no parameter \(path)")
    }
  }

  private var layerList: String {
    switch self {
    case .bert, .xlmRoBERTa: "encoder.layer"
    case .distilBERT: "transformer.layer"
    }
  }

  private func layerModules(_ path: String) -> [String] {
    switch (path, self) {
    case ("attention.queryKeyValue", .distilBERT):
      ["attention.q_lin", "attention.k_lin", "attention.v_lin"]
    case ("attention.queryKeyValue", _):
      ["attention.self.query", "attention.self.key", "attention.self.value"]
    case ("attention.output", .distilBERT): ["attention.out_lin"]
    case ("attention.output", _): ["attention.output.dense"]
    case ("attention.norm", .distilBERT): ["sa_layer_norm"]
    case ("attention.norm", _): ["attention.output.LayerNorm"]
    case ("feedForward.up", .distilBERT): ["ffn.lin1"]
    case ("feedForward.up", _): ["intermediate.dense"]
    case ("feedForward.down", .distilBERT): ["ffn.lin2"]
    case ("feedForward.down", _): ["output.dense"]
    case ("feedForward.norm", .distilBERT): ["output_layer_norm"]
    case ("feedForward.norm", _): ["output.LayerNorm"]
    default: preconditionFailure("no parameter \(path) of a layer")
    }
  }

  /// Whether a tensor belongs to another task's head, or can be computed: a classifier has no use
  /// for it.
  func isLeftOut(_ name: String) -> Bool {
    let heads = ["cls.", "lm_head.", "vocab_transform.", "vocab_layer_norm.", "vocab_projector."]
    if heads.contains(where: name.hasPrefix) || name.hasSuffix("position_ids") { return true }
    // XLM-RoBERTa's classifier has a head of its own, and never reads the encoder's pooler.
    return self == .xlmRoBERTa && (name.hasPrefix("pooler.") || name.hasPrefix("roberta.pooler."))
  }
}
