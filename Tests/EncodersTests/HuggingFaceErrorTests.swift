import Checkpoints
import Encoders
import Foundation
import Tensors
import Testing

/// Checkpoints that would compute something else than they were trained for.
@Suite struct HuggingFaceErrorTests {
  private func error(
    _ family: ModelFamily = .bert, _ change: (URL) throws -> Void
  ) throws -> CheckpointError? {
    try HuggingFaceFixture(family).withCopy { folder in
      try change(folder)
      return #expect(throws: CheckpointError.self) { try SavedClassifier(contentsOf: folder) }
    }
  }

  @Test(arguments: [
    (ModelFamily.bert, "model_type", #""gpt2""#, "one of bert, distilbert, xlm-roberta"),
    (.bert, "model_type", "null", "found none"), (.bert, "hidden_act", #""relu""#, "“gelu”"),
    (.bert, "hidden_act", #""gelu_new""#, "“gelu”"),
    (.distilBERT, "activation", #""relu""#, "“gelu”"),
    (.bert, "position_embedding_type", #""relative_key""#, "“absolute”"),
    (.bert, "is_decoder", "true", "false"), (.bert, "add_cross_attention", "true", "false"),
    (.bert, "is_encoder_decoder", "1", "false"), (.bert, "pruned_heads", #"{"0": [1]}"#, "object"),
    (.bert, "problem_type", #""regression""#, "single_label_classification"),
    (.bert, "quantization_config", #"{"bits": 8}"#, "object"),
    (.bert, "architectures", #"["BertForTokenClassification"]"#, "BertForSequenceClassification"),
    (.bert, "hidden_size", "0", "1 to"), (.bert, "hidden_size", "24.5", "whole number"),
    (.bert, "hidden_size", #""24""#, "“24”"), (.bert, "hidden_size", "null", "found none"),
    (.bert, "hidden_size", "true", "found true"), (.bert, "num_attention_heads", "5", "divisor"),
    (.bert, "num_attention_heads", "-1", "1 to"), (.bert, "num_hidden_layers", "99999", "1024"),
    (.bert, "layer_norm_eps", "2", "less than 1"), (.bert, "layer_norm_eps", "[]", "a list of 0"),
    (.bert, "max_position_embeddings", "1e300", "whole number"),
    (.xlmRoBERTa, "max_position_embeddings", "2", "3 to"),
    (.xlmRoBERTa, "pad_token_id", "-1", "0 to"), (.bert, "type_vocab_size", "0", "1 to"),
    (.bert, "num_labels", "2", "3 as in id2label"), (.bert, "num_labels", "0", "1 to"),
    (.bert, "id2label", #"["a"]"#, "a list of 1"), (.bert, "id2label", "{}", "0 keys"),
    (.bert, "id2label", #"{"0": "a", "2": "b"}"#, "label 1"),
    (.bert, "id2label", #"{"0": 7}"#, "label 0"), (.bert, "vocab_size", "20", "pieces"),
    (.bert, "vocab_size", "-1", "vocab_size"),
  ])
  func keysThatMatterAreRefusedByName(
    family: ModelFamily, key: String, json: String, fragment: String
  ) throws {
    let value = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
    let error = try error(family) { folder in try editConfiguration(folder) { $0[key] = value } }
    guard case .invalidJSON(let path, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path.hasSuffix("config.json"))
    #expect(reason.contains(key) && reason.contains("expected") && reason.contains(fragment))
  }

  @Test(arguments: [
    (ModelFamily.bert, "hidden_size", 48, "embeddings.word_embeddings.weight"),
    (.bert, "vocab_size", 49, "embeddings.word_embeddings.weight"),
    (.bert, "max_position_embeddings", 17, "embeddings.position_embeddings.weight"),
    (.bert, "type_vocab_size", 3, "embeddings.token_type_embeddings.weight"),
    (.bert, "intermediate_size", 21, "encoder.layer.0.intermediate.dense.weight"),
    (.distilBERT, "hidden_dim", 21, "transformer.layer.0.ffn.lin1.weight"),
  ])
  func sizesThatTheWeightsDoNotHaveAreNamed(
    family: ModelFamily, key: String, value: Int, tensor: String
  ) throws {
    let error = try error(family) { folder in try editConfiguration(folder) { $0[key] = value } }
    guard case .wrongShape(_, let name, let expected, let found) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(name.hasSuffix(tensor) && expected != found && expected.contains(value))
  }

  @Test func layersMustBeAsManyAsThereAre() throws {
    let more = try error { folder in try editConfiguration(folder) { $0["num_hidden_layers"] = 3 } }
    guard case .missingTensor(_, "bert.encoder.layer.2.attention.self.query.weight") = more else {
      Issue.record("\(String(describing: more))")
      return
    }
    let fewer = try error { folder in
      try editConfiguration(folder) { $0["num_hidden_layers"] = 1 }
    }
    guard case .unexpectedTensor(_, let name) = fewer else {
      Issue.record("\(String(describing: fewer))")
      return
    }
    #expect(name.hasPrefix("bert.encoder.layer.1."))
  }

  @Test(arguments: ["adapter.weight", "bert.embeddings.LayerNorm.gamma", "pooler.dense.bias"])
  func unknownTensorsAreNamed(name: String) throws {
    let error = try error { folder in
      try rewriteWeights(folder) { $0.append((name, Tensor(zeros: 24))) }
    }
    guard case .unexpectedTensor(_, name) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: [
    "classifier.bias", "bert.pooler.dense.weight", "bert.encoder.layer.1.attention.self.key.bias",
  ])
  func aPartOfWhichOnlySomeIsThereIsAnError(name: String) throws {
    let error = try error { folder in
      try rewriteWeights(folder) { $0.removeAll { $0.name == name } }
    }
    guard case .missingTensor(_, name) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aHeadTooLargeForWhatTheFileConfirmsIsNotMade() throws {
    let error = try error { folder in
      let wide = 1 << 14
      try rewriteWeights(folder) { tensors in
        tensors = [
          ("embeddings.word_embeddings.weight", Tensor(zeros: 48, wide)),
          ("embeddings.position_embeddings.weight", Tensor(zeros: 16, wide)),
          ("embeddings.token_type_embeddings.weight", Tensor(zeros: 2, wide)),
          ("embeddings.LayerNorm.weight", Tensor(zeros: wide)),
          ("embeddings.LayerNorm.bias", Tensor(zeros: wide)),
        ]
      }
      try editConfiguration(folder) { fields in
        fields["hidden_size"] = wide
        fields["num_attention_heads"] = 1
        fields["num_hidden_layers"] = 0
      }
    }
    guard case .missingTensor(_, "pooler.dense.weight") = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
