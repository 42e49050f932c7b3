// Attention as a graph.

import Encoders

/// softmax(q kᵀ / √headSize + mask) v, head by head (Vaswani et al., 2017, arXiv:1706.03762).
struct AttentionGraph {
  /// Before all names.
  let path: String
  let shape: LayerShape
  let firstTokenOnly: Bool
  /// [2]: batch, sequence.
  let inputShape: Value
  /// Added to the scores, [B, 1, 1, S].
  let keyBias: Value

  /// The context [queries, heads · headSize] of `queries`, which are x or its first tokens, over
  /// all of `x` [T, hidden].
  ///
  /// Queries, keys and values are three products: the last layer needs queries of the first tokens
  /// alone, and elsewhere one product with a split takes as long.
  func context(
    of queries: Value, over x: Value, _ queryKeyValue: Linear, _ builder: inout GraphBuilder
  ) -> Value {
    let width = shape.attentionSize
    // B batch, S sequence, H heads, D head size, Q queries of a sequence: S or 1
    let query = builder.linear(queries, queryKeyValue, rows: 0..<width, path + ".query")
    let key = builder.linear(x, queryKeyValue, rows: width..<2 * width, path + ".key")
    let value = builder.linear(x, queryKeyValue, rows: 2 * width..<3 * width, path + ".value")
    let heads = [shape.headCount, shape.headSize]
    let headShape = builder.add(
      .concatenate, [inputShape, builder.constant(heads)], [.integer("axis", 0)],
      as: path + ".headShape")

    func split(_ x: Value, _ order: [Int], _ name: String) -> Value {
      let split = builder.add(.reshape, [x, headShape], as: "\(path).\(name).split")
      return builder.add(
        .transpose, [split], [.integers("perm", order)], as: "\(path).\(name).heads")
    }
    let queryHeads: Value  // [B, H, Q, D]
    if firstTokenOnly {
      let shape = builder.constant([-1, shape.headCount, 1, shape.headSize])
      queryHeads = builder.add(.reshape, [query, shape], as: path + ".query.heads")
    } else {
      queryHeads = split(query, [0, 2, 1, 3], "query")
    }
    let keyHeads = split(key, [0, 2, 3, 1], "key")  // [B, H, D, S]
    let valueHeads = split(value, [0, 2, 1, 3], "value")  // [B, H, S, D]

    let products = builder.add(
      .matrixProduct, [queryHeads, keyHeads], as: path + ".products")  // [B, H, Q, S]
    let root = builder.constant(Float(shape.headSize).squareRoot())
    let scaled = builder.add(.divide, [products, root], as: path + ".scaled")
    let scores = builder.add(.add, [scaled, keyBias], as: path + ".scores")
    let probabilities = builder.add(
      .softmax, [scores], [.integer("axis", -1)], as: path + ".probabilities")
    var context = builder.add(
      .matrixProduct, [probabilities, valueHeads], as: path + ".context.heads")  // [B, H, Q, D]
    if !firstTokenOnly {  // With one query a sequence the order is right as it is.
      context = builder.add(
        .transpose, [context], [.integers("perm", [0, 2, 1, 3])], as: path + ".context.split")
    }
    return builder.add(
      .reshape, [context, builder.constant([-1, width])], as: path + ".context")  // [B · Q, H · D]
  }
}
