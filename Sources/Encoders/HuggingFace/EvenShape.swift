// One shape for all layers: what a family's configuration can say.

import Tensors

extension EncoderConfiguration {
  /// The smallest shape that every layer fits in and whose heads together are as wide as the hidden
  /// size; `nil` where there is none.
  ///
  /// Heads grow as little as can be: their size is the least divisor of the hidden size that holds
  /// the widest head and leaves enough heads.
  var evenLayer: LayerShape? {
    let used = layers.filter { $0.headCount > 0 }
    let headCount = used.map(\.headCount).max() ?? 1
    let headSize = used.map(\.headSize).max() ?? hiddenSize
    guard headSize <= hiddenSize else { return nil }
    let size = (headSize...hiddenSize).first {
      hiddenSize.isMultiple(of: $0) && hiddenSize / $0 >= headCount
    }
    // No neurons at all: one that does nothing, as there must be a matrix.
    let neurons = max(1, layers.map(\.intermediateSize).max() ?? 1)
    return size.map {
      LayerShape(headCount: hiddenSize / $0, headSize: $0, intermediateSize: neurons)
    }
  }
}

extension SequenceClassifier where P == Linear {
  /// The same logits from layers of equal shape: what is added is zero, and adds nothing.
  ///
  /// A head's scores are divided by the root of its size; where that grows, its queries are scaled
  /// by √(new / old), so that the scores stay.
  func filled(to even: LayerShape, tokenTypeCount: Int) -> DenseClassifier {
    var model = self
    for (index, shape) in configuration.layers.enumerated() where shape != even {
      model.layers[index] = layers[index].filled(from: shape, to: even)
      model.configuration.layers[index] = even
    }
    if tokenTypeCount != configuration.tokenTypeCount {
      let added = tokenTypeCount - configuration.tokenTypeCount
      model.embeddings.tokenType = .concatenation([
        embeddings.tokenType, Tensor(zeros: added, configuration.hiddenSize),
      ])
      model.configuration.tokenTypeCount = tokenTypeCount
    }
    return model
  }
}

extension EncoderLayer where P == Linear {
  fileprivate func filled(from shape: LayerShape, to even: LayerShape) -> EncoderLayer {
    var layer = self
    // Which of the old rows each row of an even attention is; none for those that are zero.
    let places: [Int?] = (0..<even.attentionSize).map { row in
      let (head, column) = (row / even.headSize, row % even.headSize)
      return head < shape.headCount && column < shape.headSize
        ? head * shape.headSize + column : nil
    }
    let scale = (Float(even.headSize) / Float(shape.headSize)).squareRoot()
    let parts = (0..<3).map { part in
      let rows = places.map { place in place.map { part * shape.attentionSize + $0 } }
      let factor = part == 0 && shape.headSize != even.headSize ? scale : 1
      return attention.queryKeyValue.rows(rows, scaledBy: factor)
    }
    layer.attention.queryKeyValue = Linear(
      weight: .concatenation(parts.map(\.weight)), bias: .concatenation(parts.map(\.bias)))
    layer.attention.output = attention.output.columns(places)
    let neurons: [Int?] = (0..<even.intermediateSize).map { $0 < shape.intermediateSize ? $0 : nil }
    layer.feedForward.up = feedForward.up.rows(neurons, scaledBy: 1)
    layer.feedForward.down = feedForward.down.columns(neurons)
    return layer
  }
}

extension Linear {
  /// The rows at `places`, scaled; zeros where there is no place.
  fileprivate func rows(_ places: [Int?], scaledBy factor: Float) -> Linear {
    let zeros = [Float](repeating: 0, count: inputSize)
    let rows = places.flatMap { $0.map(weight.row) ?? zeros }
    var result = Linear(
      weight: Tensor(rows, shape: [places.count, inputSize]),
      bias: Tensor(places.map { $0.map { bias[$0] } ?? 0 }, shape: [places.count]))
    if factor != 1 {
      result.weight.scale(by: factor)
      result.bias.scale(by: factor)
    }
    return result
  }

  /// The columns at `places`; zeros where there is no place.
  fileprivate func columns(_ places: [Int?]) -> Linear {
    let elements = (0..<outputSize).flatMap { row in
      let old = weight.row(row)
      return places.map { $0.map { old[$0] } ?? 0 }
    }
    return Linear(weight: Tensor(elements, shape: [outputSize, places.count]), bias: bias)
  }
}
