import Encoders
import Pruning
import Tensors
import Testing

@Suite struct MagnitudeTests {
  /// Two heads of size 1 in a hidden size of 2: rows 0 and 1 are queries, 2 and 3 keys, 4 and 5
  /// values, of heads 0 and 1. Biases and normalizations count for nothing.
  private let model: DenseClassifier = {
    let configuration = EncoderConfiguration(
      vocabularySize: 3, hiddenSize: 2, maximumPositions: 2, tokenTypeCount: 1,
      layers: [
        LayerShape(headCount: 2, headSize: 1, intermediateSize: 2),
        LayerShape(headCount: 0, headSize: 1, intermediateSize: 0),
      ])
    var model = DenseClassifier(configuration, seed: 1)
    let rows: [Float] = [1, 0, 10, 0, 2, 0, 0, 10, 0, 2, 10, 10]
    model.layers[0].attention.queryKeyValue.weight = Tensor(rows, shape: [6, 2])
    model.layers[0].attention.output.weight = Tensor([4, 0, 0, 0], shape: [2, 2])
    model.layers[0].attention.queryKeyValue.bias.fill(1000)
    model.layers[0].feedForward.up.weight = Tensor([1, 2, 0, 0], shape: [2, 2])
    model.layers[0].feedForward.down.weight = Tensor([-2, 0, 0, 3], shape: [2, 2])
    model.embeddings.word = Tensor([1, -1, 0, 0, 3, 4], shape: [3, 2])
    model.embeddings.position = Tensor([1, 0, 0, 0], shape: [2, 2])
    model.pooler.weight = Tensor([0, 1, 0, 1], shape: [2, 2])
    return model
  }()

  private func values(_ criterion: Criterion, _ unit: PruningUnit) throws -> [[Float]] {
    try Fixture.scores(criterion, per: unit, of: model).values
  }

  @Test func magnitudeIsTheEuclideanNormOfAUnitsWeights() throws {
    // Head 0: 1 + 4 + 4 + 16 = 25. Head 1: 100 + 100 + 100 + 100 + 0 = 400.
    #expect(try values(.magnitude, .heads) == [[5, 20], []])
    // Neuron 0: 1 + 4 + 4. Neuron 1: 9.
    #expect(try values(.magnitude, .neurons) == [[3, 3], []])
    #expect(try values(.magnitude, .layers) == [[Float(425 + 18).squareRoot()], [0]])
    #expect(try values(.magnitude, .tokens) == [[Float(2).squareRoot(), 0, 5]])
    // Channel 0: tokens 10, position 1, columns of queries to values 1 + 100 + 4 + 100, of the up
    // projection 1, rows of the output 16 and of the down projection 4. Channel 1: 17, 100 + 4 +
    // 100, 4, 9, pooler 2.
    #expect(
      try values(.magnitude, .channels) == [[Float(237).squareRoot(), Float(236).squareRoot()]])
  }

  @Test func theOtherNormIsTheSumOfAbsoluteValues() throws {
    #expect(try values(.magnitudeL1, .heads) == [[1 + 2 + 2 + 4, 40], []])
    #expect(try values(.magnitudeL1, .neurons) == [[5, 3], []])
    #expect(try values(.magnitudeL1, .layers) == [[49 + 8], [0]])
    #expect(try values(.magnitudeL1, .tokens) == [[2, 0, 7]])
  }
}

@Suite struct RandomImportanceTests {
  @Test(arguments: PruningUnit.allCases)
  func theSeedDecides(unit: PruningUnit) throws {
    let first = try Fixture.scores(.random, per: unit, seed: 1)
    #expect(try Fixture.scores(.random, per: unit, seed: 1) == first)
    #expect(try Fixture.scores(.random, per: unit, seed: 2) != first)
    #expect(first.values.joined().allSatisfy { (0..<1).contains($0) })
  }
}
