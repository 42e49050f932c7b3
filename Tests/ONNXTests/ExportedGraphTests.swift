import Encoders
import ONNX
import Tensors
import Testing

@Suite struct ExportedGraphTests {
  @Test(arguments: ModelKind.allCases)
  func everyInputOfANodeIsThereBeforeIt(kind: ModelKind) throws {
    let graph = try exported(kind.saved).graph
    var known = Set(graph.input.map(\.name) + graph.initializer.map(\.name))
    for node in graph.node {
      for input in node.input { #expect(known.contains(input), "\(node.name) reads \(input)") }
      known.formUnion(node.output)
    }
    for output in graph.output { #expect(known.contains(output.name)) }
  }

  @Test(arguments: ModelKind.allCases)
  func noTwoThingsHaveOneName(kind: ModelKind) throws {
    let graph = try exported(kind.saved).graph
    let values =
      graph.input.map(\.name) + graph.initializer.map(\.name) + graph.node.flatMap(\.output)
    #expect(Set(values).count == values.count)
    #expect(Set(graph.node.map(\.name)).count == graph.node.count)
    #expect(!values.contains(""))
  }

  @Test(arguments: ModelKind.allCases)
  func nothingIsThereThatNobodyReads(kind: ModelKind) throws {
    let graph = try exported(kind.saved).graph
    let read = Set(graph.node.flatMap(\.input) + graph.output.map(\.name))
    for name in graph.initializer.map(\.name) + graph.node.flatMap(\.output) {
      #expect(read.contains(name), "\(name)")
    }
  }

  @Test(arguments: ModelKind.allCases)
  func initializersHaveTheBytesThatTheirSizesSay(kind: ModelKind) throws {
    for tensor in try exported(kind.saved).graph.initializer {
      let width = TensorProto.DataType(rawValue: Int(tensor.dataType)) == .float ? 4 : 8
      let count = tensor.dims.reduce(1, *)
      #expect(count > 0 && tensor.rawData.count == Int(count) * width, "\(tensor.name)")
    }
  }

  /// Every parameter bit for bit; queries, keys and values apart; nothing of no elements.
  @Test(arguments: ModelKind.allCases)
  func initializersAreTheModelsParameters(kind: ModelKind) throws {
    let saved = kind.saved
    var left = try exported(saved).graph.initializer.filter { !$0.name.hasPrefix("constant.") }
    for (name, tensor) in saved.classifier.parameters {
      let parts = name.contains("queryKeyValue") ? ["query", "key", "value"] : ["queryKeyValue"]
      let names = parts.map { name.replacing("queryKeyValue", with: $0) }
      let found = names.compactMap { name in left.first { $0.name == name } }
      if tensor.count == 0 {
        #expect(found.isEmpty, "\(name)")
        continue
      }
      #expect(found.map(\.name) == names)
      for part in found {
        let rows = Int64(tensor.shape[0] / parts.count)
        #expect(part.dims == [rows] + tensor.shape.dropFirst().map(Int64.init), "\(part.name)")
      }
      let elements = found.flatMap { Array64($0).elements }
      #expect(elements == tensor.elements.map(Double.init), "\(name)")
      left.removeAll { names.contains($0.name) }
    }
    #expect(left.isEmpty, "\(left.map(\.name))")
  }

  @Test(arguments: ModelKind.allCases)
  func batchAndSequenceAreFree(kind: ModelKind) throws {
    let configuration = kind.configuration
    let graph = try exported(kind.saved).graph
    let types = configuration.tokenTypeCount == 0 ? [] : ["token_type_ids"]
    #expect(graph.input.map(\.name) == ["input_ids", "attention_mask"] + types)
    for input in graph.input {
      #expect(input.type.tensorType.elemType == Int32(TensorProto.DataType.int64.rawValue))
      #expect(input.type.tensorType.shape.dim.map(\.dimParam) == ["batch", "sequence"])
    }
    let output = try #require(graph.output.first)
    let sizes = output.type.tensorType.shape.dim
    #expect(graph.output.count == 1 && output.name == "logits")
    #expect(output.type.tensorType.elemType == Int32(TensorProto.DataType.float.rawValue))
    #expect(sizes.map(\.dimParam) == ["batch", ""])
    #expect(sizes.map(\.dimValue) == [0, Int64(configuration.labelCount)])
  }

  @Test func theLastLayerComputesTheFirstTokenAlone() throws {
    let graph = try exported(ModelKind.withoutTypes.saved).graph
    func inputs(_ name: String) -> [String] {
      graph.node.first { $0.name == name }.map { Array($0.input) } ?? []
    }
    #expect(inputs("layers.0.attention.query.projected").first == "embeddings.tokens")
    #expect(inputs("layers.1.attention.query.projected").first == "first.tokens")
    #expect(
      inputs("layers.1.attention.key.projected").first == "layers.0.feedForward.norm.normalized")
    #expect(inputs("layers.1.attention.sum").last == "first.tokens")
  }

  @Test func theFormatIsOneThatKnowsLayerNormalization() throws {
    let model = try exported(ModelKind.unevenLayers.saved)
    #expect(model.irVersion == 8)
    #expect(model.opsetImport.map(\.domain) == [""] && model.opsetImport.map(\.version) == [17])
  }
}
