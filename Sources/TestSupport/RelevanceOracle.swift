// Layer-wise relevance propagation, naively: every rule as it is written, with relevances and
// divisions.

public import Encoders
import Foundation
import Tensors
public import Text

extension Oracle {
  /// The relevance of one layer's activations for a logit of one sequence.
  public struct LayerRelevance {
    public var input, context, attended, neurons: Matrix
  }

  /// The relevance of every activation for the logit of `label`, for a batch of one sequence; all
  /// tokens of the last layer are computed. Lowest layer first, and what the pooler read [1,
  /// hidden].
  public static func relevance(
    of label: Int, _ model: DenseClassifier, _ batch: TokenBatch
  ) -> (layers: [LayerRelevance], first: Matrix) {
    let epsilon = Double(model.configuration.layerNormEpsilon)
    let embeddings = model.embeddings
    let sum = EmbeddingTables(
      word: Matrix(embeddings.word), position: Matrix(embeddings.position),
      tokenType: Matrix(embeddings.tokenType)
    ).output(batch)
    var x = Norm(sum, embeddings.norm, epsilon).output
    var passes: [LayerOracle] = []
    for (layer, shape) in zip(model.layers, model.configuration.layers) {
      passes.append(LayerOracle(layer, shape, x, epsilon))
      x = passes[passes.count - 1].output
    }
    let first = Matrix((0..<x.columns).map { x[0, $0] }, rows: 1, columns: x.columns)
    let pooled = tanh(linear(first, model.pooler))
    var relevance = Matrix(zeros: 1, model.configuration.labelCount)
    relevance[0, label] = linear(pooled, model.classifier)[0, label]
    relevance = linearRelevance(relevance, pooled, model.classifier)
    let firstRelevance = linearRelevance(relevance, first, model.pooler)
    relevance = Matrix(zeros: x.rows, x.columns)
    for column in 0..<x.columns { relevance[0, column] = firstRelevance[0, column] }
    var layers: [LayerRelevance] = []
    for pass in passes.reversed() {
      let layer = pass.relevance(relevance)
      relevance = layer.input
      layers.append(layer)
    }
    return (layers.reversed(), firstRelevance)
  }

  private static func linear(_ x: Matrix, _ map: Linear) -> Matrix {
    linear(
      x, weight: Matrix(map.weight),
      bias: Matrix(map.bias.elements.map(Double.init), rows: 1, columns: map.bias.count))
  }

  /// R_i = Σ_j x_i w_ji / z_j · R_j, with z the outputs.
  private static func linearRelevance(_ relevance: Matrix, _ x: Matrix, _ map: Linear) -> Matrix {
    let (z, weight) = (linear(x, map), Matrix(map.weight))
    var result = Matrix(zeros: x.rows, x.columns)
    for row in 0..<x.rows {
      for j in 0..<z.columns where relevance[row, j] != 0 {
        for i in 0..<x.columns {
          result[row, i] += x[row, i] * weight[j, i] / z[row, j] * relevance[row, j]
        }
      }
    }
    return result
  }

  /// A normalization of one sum.
  private struct Norm {
    let centred, output: Matrix
    private let scaled: Matrix

    init(_ sum: Matrix, _ norm: Encoders.LayerNorm, _ epsilon: Double) {
      var (centred, scaled, output) = (sum, sum, sum)
      for row in 0..<sum.rows {
        let mean = (0..<sum.columns).reduce(0) { $0 + sum[row, $1] } / Double(sum.columns)
        for i in 0..<sum.columns { centred[row, i] = sum[row, i] - mean }
        let square = (0..<sum.columns).reduce(0) { $0 + centred[row, $1] * centred[row, $1] }
        let deviation = (square / Double(sum.columns) + epsilon).squareRoot()
        for i in 0..<sum.columns {
          scaled[row, i] = centred[row, i] / deviation * Double(norm.weight[i])
          output[row, i] = scaled[row, i] + Double(norm.bias[i])
        }
      }
      (self.centred, self.scaled, self.output) = (centred, scaled, output)
    }

    /// The bias takes its share, the deviation none; the mean is a linear map.
    func relevance(_ relevance: Matrix, of sum: Matrix) -> Matrix {
      var result = Matrix(zeros: sum.rows, sum.columns)
      for row in 0..<sum.rows {
        for j in 0..<sum.columns {
          let handed = scaled[row, j] / output[row, j] * relevance[row, j] / centred[row, j]
          for i in 0..<sum.columns {
            result[row, i] +=
              sum[row, i] * ((i == j ? 1 : 0) - 1 / Double(sum.columns)) * handed
          }
        }
      }
      return result
    }
  }

  /// One layer over one sequence.
  private struct LayerOracle {
    let layer: EncoderLayer<Linear>
    let shape: LayerShape
    let x, queryKeyValue, context, attended, neurons: Matrix
    let attentionSum, feedForwardSum: Matrix
    let attentionNorm, feedForwardNorm: Norm
    let projected, fed: Matrix

    var output: Matrix { feedForwardNorm.output }

    init(_ layer: EncoderLayer<Linear>, _ shape: LayerShape, _ x: Matrix, _ epsilon: Double) {
      (self.layer, self.shape, self.x) = (layer, shape, x)
      queryKeyValue = linear(x, layer.attention.queryKeyValue)
      context =
        Attention(
          lengths: [x.rows], headCount: shape.headCount, headSize: shape.headSize
        ).output(queryKeyValue).context
      projected = linear(context, layer.attention.output)
      attentionSum = sum(projected, x)
      attentionNorm = Norm(attentionSum, layer.attention.norm, epsilon)
      attended = attentionNorm.output
      neurons = gelu(linear(attended, layer.feedForward.up))
      fed = linear(neurons, layer.feedForward.down)
      feedForwardSum = sum(fed, attended)
      feedForwardNorm = Norm(feedForwardSum, layer.feedForward.norm, epsilon)
    }

    func relevance(_ relevance: Matrix) -> LayerRelevance {
      let ofSum = feedForwardNorm.relevance(relevance, of: feedForwardSum)
      let ofNeurons = linearRelevance(
        share(ofSum, fed, of: feedForwardSum), neurons, layer.feedForward.down)
      let ofAttended = sum(
        share(ofSum, attended, of: feedForwardSum),
        linearRelevance(ofNeurons, attended, layer.feedForward.up))
      let ofAttention = attentionNorm.relevance(ofAttended, of: attentionSum)
      let ofContext = linearRelevance(
        share(ofAttention, projected, of: attentionSum), context, layer.attention.output)
      let ofInput = sum(
        share(ofAttention, x, of: attentionSum),
        linearRelevance(attentionRelevance(ofContext), x, layer.attention.queryKeyValue))
      return LayerRelevance(
        input: ofInput, context: ofContext, attended: ofAttended, neurons: ofNeurons)
    }

    /// Of queries, keys and values, from that of the context.
    private func attentionRelevance(_ relevance: Matrix) -> Matrix {
      let width = shape.attentionSize
      let scale = 1 / Double(shape.headSize).squareRoot()
      var result = Matrix(zeros: x.rows, 3 * width)
      for head in 0..<shape.headCount {
        let columns = head * shape.headSize..<(head + 1) * shape.headSize
        for query in 0..<x.rows {
          let scores = (0..<x.rows).map { key in
            columns.reduce(0) {
              $0 + queryKeyValue[query, $1] * queryKeyValue[key, width + $1] * scale
            }
          }
          let p = softmax(scores)
          var ofP = Array(repeating: 0.0, count: x.rows)
          for key in 0..<x.rows {
            for i in columns where relevance[query, i] != 0 {
              let half =
                p[key] * queryKeyValue[key, 2 * width + i] / (2 * context[query, i])
                * relevance[query, i]
              ofP[key] += half
              result[key, 2 * width + i] += half
            }
          }
          let total = ofP.reduce(0, +)
          for key in 0..<x.rows {
            let ofScore = scores[key] * (ofP[key] - p[key] * total)
            for i in columns {
              let half =
                queryKeyValue[query, i] * queryKeyValue[key, width + i] * scale
                / (2 * scores[key]) * ofScore
              result[query, i] += half
              result[key, width + i] += half
            }
          }
        }
      }
      return result
    }
  }

  private static func sum(_ a: Matrix, _ b: Matrix) -> Matrix {
    Matrix(zip(a.elements, b.elements).map { $0 + $1 }, rows: a.rows, columns: a.columns)
  }

  /// The share of a term in a sum.
  private static func share(_ relevance: Matrix, _ term: Matrix, of sum: Matrix) -> Matrix {
    let elements = zip(zip(relevance.elements, term.elements), sum.elements).map {
      $0.0 * $0.1 / $1
    }
    return Matrix(elements, rows: term.rows, columns: term.columns)
  }
}
