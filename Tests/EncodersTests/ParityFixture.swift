// What PyTorch said of a tiny encoder: Scripts/fixtures/parity.py wrote it.

import Checkpoints
import Encoders
import Foundation
import Tensors
import Testing
import Text

/// The tensors of Fixtures/parity.safetensors.
struct ParityFixture {
  private let file: SafetensorsFile

  /// The sizes in the script.
  static let configuration = EncoderConfiguration(
    vocabularySize: 30, hiddenSize: 20, maximumPositions: 16, labelCount: 3,
    layers: [(3, 16), (1, 9), (0, 12), (2, 0)].map {
      LayerShape(headCount: $0.0, headSize: 5, intermediateSize: $0.1)
    })

  init() throws {
    let url = Bundle.module.url(forResource: "Fixtures/parity", withExtension: "safetensors")
    file = try SafetensorsFile(contentsOf: try #require(url))
  }

  func tensor(_ name: String) throws -> Tensor { try file.tensor(name) }

  func integers(_ name: String) throws -> [Int] { try tensor(name).elements.map { Int($0) } }

  /// The model before any step.
  func model() throws -> DenseClassifier { try model(named: "parameters") }

  /// The model whose tensors have names that begin with `prefix`.
  func model(named prefix: String) throws -> DenseClassifier {
    var model = DenseClassifier(Self.configuration, seed: 0)
    try model.forEachParameter(at: prefix) { (name, tensor) throws(CheckpointError) in
      let found = try file.tensor(name)
      precondition(found.shape == tensor.shape, "\(name) is \(found.shape)")
      tensor = found
    }
    return model
  }

  func batch() throws -> TokenBatch {
    TokenBatch(
      ids: try integers("batch.ids").map(Int32.init),
      typeIDs: try integers("batch.types").map(Int32.init),
      lengths: try integers("batch.lengths"))
  }

  /// The gates in the pass of this name.
  func gates(_ pass: String) throws -> Gates {
    var gates = Gates(open: Self.configuration)
    if pass == "half" {
      for index in gates.layers.indices {
        gates.layers[index].heads = try tensor("half.gates.\(index)").elements
      }
    }
    return gates
  }
}
