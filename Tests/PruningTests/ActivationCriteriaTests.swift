import Encoders
import Foundation
import Pruning
import Tensors
import TestSupport
import Testing
import Text
import Training

/// Criteria that look at activations, against what the layers' oracles give.
@Suite struct ActivationCriteriaTests {
  /// A layer over one sequence, computed naively.
  private struct Layer {
    let input, context, attended, neurons: Matrix
    /// By head, query and key.
    let probabilities: [[[Double]]]
  }

  private let examples: [LabeledSequence]
  /// By example and layer; the last layer's queries are first tokens.
  private let layers: [[Layer]]

  init() throws {
    examples = try Fixture.examples(6)
    layers = examples.map { Self.layers(of: LabeledBatch([$0]).tokens) }
  }

  private static func layers(of batch: TokenBatch) -> [Layer] {
    let model = Fixture.model
    func linear(_ x: Matrix, _ map: Linear) -> Matrix {
      let bias = Matrix(map.bias.elements.map(Double.init), rows: 1, columns: map.bias.count)
      return Oracle.linear(x, weight: Matrix(map.weight), bias: bias)
    }
    func norm(_ x: Matrix, _ residual: Matrix?, _ norm: LayerNorm) -> Matrix {
      func row(_ tensor: Tensor) -> Matrix {
        Matrix(tensor.elements.map(Double.init), rows: 1, columns: tensor.count)
      }
      return Oracle.LayerNorm(
        x: x, residual: residual, factors: nil, weight: row(norm.weight), bias: row(norm.bias),
        epsilon: 1e-12
      ).output
    }
    let tables = Oracle.EmbeddingTables(
      word: Matrix(model.embeddings.word), position: Matrix(model.embeddings.position),
      tokenType: Matrix(model.embeddings.tokenType))
    var x = norm(tables.output(batch), nil, model.embeddings.norm)
    var result: [Layer] = []
    for (index, layer) in model.layers.enumerated() {
      let shape = EncoderConfiguration.uneven.layers[index]
      let isLast = index == model.layers.count - 1
      let attention = Oracle.Attention(
        lengths: batch.lengths, headCount: shape.headCount, headSize: shape.headSize,
        firstTokenOnly: isLast)
      let (context, flat) = attention.output(linear(x, layer.attention.queryKeyValue))
      let residual =
        isLast ? Matrix(Array(x.elements.prefix(x.columns)), rows: 1, columns: x.columns) : x
      let attended = norm(linear(context, layer.attention.output), residual, layer.attention.norm)
      let neurons = Oracle.gelu(linear(attended, layer.feedForward.up))
      let probabilities = (0..<shape.headCount).map { head in
        (0..<context.rows).map { query in
          let start = (head * context.rows + query) * x.rows
          return Array(flat[start..<start + x.rows])
        }
      }
      result.append(
        Layer(
          input: x, context: context, attended: attended, neurons: neurons,
          probabilities: probabilities))
      x = norm(linear(neurons, layer.feedForward.down), attended, layer.feedForward.norm)
    }
    return result
  }

  /// The mean over the tokens of all examples of a number for each unit of a layer.
  private func means(
    _ part: KeyPath<Layer, Matrix>, _ layer: Int, _ values: (Matrix, Int) -> [Double]
  ) -> [Double] {
    let rows = layers.flatMap { example in
      let matrix = example[layer][keyPath: part]
      return (0..<matrix.rows).map { values(matrix, $0) }
    }
    return rows[0].indices.map { unit in
      rows.reduce(0) { $0 + $1[unit] } / Double(rows.count)
    }
  }

  private func expect(
    _ criterion: Criterion, per unit: PruningUnit, _ expected: [[Double]]
  ) throws {
    let scores = try Fixture.scores(
      criterion, per: unit, on: Fixture.batches(examples, of: 4))
    #expect(scores.values.map(\.count) == expected.map(\.count))
    #expect(relativeDifference(scores.all, expected.flatMap { $0 }) < Tolerance.float)
  }

  private var shapes: [LayerShape] { EncoderConfiguration.uneven.layers }

  /// The context's columns of a head.
  private func columns(_ head: Int) -> Range<Int> { head * 5..<(head + 1) * 5 }

  @Test func activationIsTheMeanSizeOfWhatAUnitGives() throws {
    try expect(
      .activation, per: .heads,
      shapes.indices.map { layer in
        means(\.context, layer) { context, row in
          (0..<shapes[layer].headCount).map { head in
            columns(head).reduce(0) { $0 + context[row, $1] * context[row, $1] }.squareRoot()
          }
        }
      })
    try expect(
      .activation, per: .neurons,
      shapes.indices.map { layer in
        means(\.neurons, layer) { x, row in (0..<x.columns).map { abs(x[row, $0]) } }
      })
    // All places that read channels count by their tokens.
    let reads = layers.flatMap { $0.flatMap { [$0.input, $0.attended] } }
    let total = reads.reduce(0) { $0 + $1.rows }
    try expect(
      .activation, per: .channels,
      [
        (0..<24).map { channel in
          reads.reduce(0) { sum, x in
            sum + (0..<x.rows).reduce(0) { $0 + abs(x[$1, channel]) }
          } / Double(total)
        }
      ])
  }

  @Test func activeShareIsHowOftenANeuronIsAboveGELUsDip() throws {
    try expect(
      .activeShare, per: .neurons,
      shapes.indices.map { layer in
        means(\.neurons, layer) { x, row in (0..<x.columns).map { x[row, $0] > 0.17 ? 1 : 0 } }
      })
    // Whatever ReLU makes zero stays below.
    let dip = Oracle.gelu(Matrix((0..<4000).map { -Double($0) / 1000 }, rows: 1, columns: 4000))
    #expect(dip.elements.allSatisfy { $0 > -0.17 && $0 <= 0 })
  }

  @Test func wandaIsActivationsTimesTheWeightsThatReadThem() throws {
    func products(
      _ part: KeyPath<Layer, Matrix>, _ layer: Int, _ weight: Tensor
    ) -> [Double] {
      let squares = means(part, layer) { x, row in
        (0..<x.columns).map { x[row, $0] * x[row, $0] }
      }
      let weight = Matrix(weight)
      return squares.enumerated().map { column, square in
        let norm = (0..<weight.rows).reduce(0) { $0 + weight[$1, column] * weight[$1, column] }
        return (square * norm).squareRoot()
      }
    }
    try expect(
      .wanda, per: .neurons,
      shapes.indices.map {
        products(\.neurons, $0, Fixture.model.layers[$0].feedForward.down.weight)
      })
    try expect(
      .wanda, per: .heads,
      shapes.indices.map { layer in
        let columnProducts = products(
          \.context, layer, Fixture.model.layers[layer].attention.output.weight)
        return (0..<shapes[layer].headCount).map { head in
          columns(head).reduce(0) { $0 + columnProducts[$1] }
        }
      })
  }

  @Test func focusIsOfEveryQueryThatIsComputed() throws {
    func means(_ value: ([Double]) -> Double) -> [[Double]] {
      shapes.indices.map { layer in
        (0..<shapes[layer].headCount).map { head in
          let values = layers.flatMap { $0[layer].probabilities[head].map(value) }
          return values.reduce(0, +) / Double(values.count)
        }
      }
    }
    try expect(.attentionConfidence, per: .heads, means { $0.max() ?? 0 })
    try expect(.attentionEntropy, per: .heads, means { $0.reduce(0) { $0 + $1 * log($1) } })
    // One query a sequence in the last layer.
    #expect(layers.allSatisfy { $0[4].probabilities[0].count == 1 })
  }

  @Test func relevanceIsTheMeanOfEachExamplesShares() throws {
    func expected(_ value: (Oracle.LayerRelevance, Int) -> [Double]) -> [[Double]] {
      let own = examples.map { example in
        Oracle.relevance(of: example.label, Fixture.model, LabeledBatch([example]).tokens).layers
          .enumerated().map { layer, relevance in
            let own = value(relevance, layer).map(abs)
            return own.map { $0 / own.reduce(0, +) }
          }
      }
      return shapes.indices.map { layer in
        own[0][layer].indices.map { unit in
          own.reduce(0) { $0 + $1[layer][unit] } / Double(own.count)
        }
      }
    }
    func sum(_ x: Matrix, _ columns: Range<Int>) -> Double {
      (0..<x.rows).reduce(0) { sum, row in columns.reduce(sum) { $0 + x[row, $1] } }
    }
    let batches = Fixture.batches(examples, of: 4)
    let heads = expected { relevance, layer in
      (0..<shapes[layer].headCount).map { sum(relevance.context, columns($0)) }
    }
    let neurons = expected { relevance, layer in
      (0..<shapes[layer].intermediateSize).map { sum(relevance.neurons, $0..<$0 + 1) }
    }
    for (unit, values) in [(PruningUnit.heads, heads), (.neurons, neurons)] {
      let scores = try Fixture.scores(.relevance, per: unit, on: batches)
      #expect(relativeDifference(scores.all, values.flatMap { $0 }) < Tolerance.parity)
    }
  }
}
