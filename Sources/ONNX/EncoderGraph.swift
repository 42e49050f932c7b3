// The encoder as a graph: embeddings, layers, head.

import Encoders
import Tensors

/// Builds the graph of a classifier.
///
/// Between layers tokens are rows, [tokens, hidden], as in our own encoder: a product with its bias
/// is then one Gemm, whose weight keeps our layout [outputs, inputs]. Padding is computed like any
/// token, and masked as a key. What has no heads or no neurons is left out, but for its output's
/// bias.
struct EncoderGraph {
  private(set) var builder: GraphBuilder
  private let model: DenseClassifier
  private let ids: Value
  /// `nil` where the model knows no token types.
  private let types: Value?
  /// [2]: batch, sequence.
  private let inputShape: Value
  /// What is added to scores; `nil` where there are no heads.
  private let keyBias: Value?

  private var configuration: EncoderConfiguration { model.configuration }

  /// The whole graph.
  init(_ model: DenseClassifier) {
    self.model = model
    var builder = GraphBuilder(name: "classifier")
    let sizes: [GraphBuilder.Size] = [.free("batch"), .free("sequence")]
    ids = builder.input("input_ids", sizes, "Tokens; any of them where the mask is 0.")
    let mask = builder.input(
      "attention_mask", sizes, "1 for tokens, 0 for padding, which stands at the right.")
    types =
      model.configuration.tokenTypeCount == 0
      ? nil : builder.input("token_type_ids", sizes, "The types of the tokens.")
    inputShape = builder.add(.shape, [ids], as: "input.shape")
    keyBias = model.configuration.headCount == 0 ? nil : builder.keyBias(mask)
    self.builder = builder

    var x = embeddings()  // [T, hidden]
    for index in model.layers.indices {
      let isLast = index == model.layers.count - 1
      let queries = isLast ? firstTokens(x) : x
      x = attend(to: x, from: queries, index)  // [T, hidden], or [B, hidden] in the last layer
      x = transform(x, index)
    }
    if model.layers.isEmpty { x = firstTokens(x) }
    head(x)
  }

  private mutating func embeddings() -> Value {
    let table = model.embeddings
    let word = builder.parameter("embeddings.word", table.word)
    var sum = builder.add(.gather, [word, ids], as: "embeddings.words")  // [B, S, hidden]
    if let types {
      let type = builder.parameter("embeddings.tokenType", table.tokenType)
      let rows = builder.add(.gather, [type, types], as: "embeddings.tokenTypes")
      sum = builder.add(.add, [sum, rows], as: "embeddings.typedWords")
    }
    // Rows first ..< first + S of the table. A longer sequence than there are rows gets fewer,
    // which do not fit the sum: the engine reports it.
    let position = builder.parameter("embeddings.position", table.position)
    let first = builder.constant([configuration.firstPosition])
    let length = builder.add(
      .slice, [inputShape, builder.constant([1]), builder.constant([2])], as: "input.length")
    let end = builder.add(.add, [length, first], as: "embeddings.endPosition")
    let rows = builder.add(
      .slice, [position, first, end, builder.constant([0])], as: "embeddings.positions")
    sum = builder.add(.add, [sum, rows], as: "embeddings.sum")
    let normalized = normalize(sum, table.norm, "embeddings.norm")  // [B, S, hidden]
    let shape = builder.constant([-1, configuration.hiddenSize])
    return builder.add(.reshape, [normalized, shape], as: "embeddings.tokens")  // [T, hidden]
  }

  /// [B, hidden] of [T, hidden].
  private mutating func firstTokens(_ x: Value) -> Value {
    let hidden = builder.constant([configuration.hiddenSize])
    let shape = builder.add(
      .concatenate, [inputShape, hidden], [.integer("axis", 0)], as: "first.shape")
    let sequences = builder.add(.reshape, [x, shape], as: "first.sequences")  // [B, S, hidden]
    return builder.add(
      .gather, [sequences, builder.constant(scalar: 0)], [.integer("axis", 1)], as: "first.tokens")
  }

  private mutating func attend(to x: Value, from queries: Value, _ index: Int) -> Value {
    let path = "layers.\(index).attention"
    let layer = model.layers[index].attention
    var projected: Value?
    if let keyBias, configuration.layers[index].headCount > 0 {
      let attention = AttentionGraph(
        path: path, shape: configuration.layers[index],
        firstTokenOnly: index == model.layers.count - 1, inputShape: inputShape, keyBias: keyBias)
      let context = attention.context(of: queries, over: x, layer.queryKeyValue, &builder)
      projected = builder.linear(context, layer.output, path + ".output")
    }
    let update = projected ?? builder.parameter(path + ".output.bias", layer.output.bias)
    return addAndNormalize(update, queries, layer.norm, path)
  }

  private mutating func transform(_ x: Value, _ index: Int) -> Value {
    let path = "layers.\(index).feedForward"
    let layer = model.layers[index].feedForward
    var projected: Value?
    if layer.up.outputSize > 0 {
      let intermediate = builder.linear(x, layer.up, path + ".up")  // [T, intermediate]
      projected = builder.linear(builder.gelu(intermediate, path), layer.down, path + ".down")
    }
    let update = projected ?? builder.parameter(path + ".down.bias", layer.down.bias)
    return addAndNormalize(update, x, layer.norm, path)
  }

  private mutating func addAndNormalize(
    _ update: Value, _ residual: Value, _ norm: LayerNorm, _ path: String
  ) -> Value {
    let sum = builder.add(.add, [update, residual], as: path + ".sum")
    return normalize(sum, norm, path + ".norm")
  }

  private mutating func normalize(_ x: Value, _ norm: LayerNorm, _ path: String) -> Value {
    let weight = builder.parameter(path + ".weight", norm.weight)
    let bias = builder.parameter(path + ".bias", norm.bias)
    let epsilon = AttributeProto.number("epsilon", configuration.layerNormEpsilon)
    return builder.add(
      .layerNormalization, [x, weight, bias], [.integer("axis", -1), epsilon],
      as: path + ".normalized")
  }

  private mutating func head(_ first: Value) {
    let activation: Operator =
      switch configuration.poolerActivation {
      case .tanh: .tanh
      case .relu: .relu
      }
    let pooled = builder.linear(first, model.pooler, "pooler")
    let activated = builder.add(activation, [pooled], as: "pooler.activated")
    let logits = builder.linear(activated, model.classifier, "classifier", as: "logits")
    builder.output(
      logits, [.free("batch"), .fixed(configuration.labelCount)], "Of each label, before softmax.")
  }
}

extension GraphBuilder {
  /// x · weightᵀ + bias of rows x; `rows` of the weight are all unless given.
  mutating func linear(
    _ x: Value, _ linear: Linear, rows: Range<Int>? = nil, _ path: String, as name: String? = nil
  ) -> Value {
    let weight = parameter(path + ".weight", linear.weight, rows: rows)
    let bias = parameter(path + ".bias", linear.bias, rows: rows)
    return add(.gemm, [x, weight, bias], [.integer("transB", 1)], as: name ?? path + ".projected")
  }

  /// 0 for tokens and −10⁹ for padding, [B, 1, 1, S]: far below any score, so that padding gets a
  /// probability of exactly 0, and finite, so that a sequence of nothing but padding is no 0 / 0.
  mutating func keyBias(_ mask: Value) -> Value {
    let type = AttributeProto.integer("to", TensorProto.DataType.float.rawValue)
    let numbers = add(.cast, [mask], [type], as: "mask.numbers")
    let padding = add(.subtract, [constant(1), numbers], as: "mask.padding")
    let bias = add(.multiply, [padding, constant(-1e9)], as: "mask.bias")
    return add(.unsqueeze, [bias, constant([1, 2])], as: "mask.biasOfKeys")
  }

  /// x · (1 + erf(x / √2)) / 2, step by step as engines look for it to make one operation of it.
  mutating func gelu(_ x: Value, _ path: String) -> Value {
    let scaled = add(.divide, [x, constant(Float(2).squareRoot())], as: path + ".gelu.scaled")
    let error = add(.errorFunction, [scaled], as: path + ".gelu.error")
    let raised = add(.add, [error, constant(1)], as: path + ".gelu.raised")
    let product = add(.multiply, [x, raised], as: path + ".gelu.product")
    return add(.multiply, [product, constant(0.5)], as: path + ".gelu")
  }
}
