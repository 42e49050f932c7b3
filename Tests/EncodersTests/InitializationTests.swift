import Encoders
import Tensors
import TestSupport
import Testing

@Suite struct InitializationTests {
  @Test func sameSeedGivesTheSameBytes() {
    let model = DenseClassifier(.uneven, seed: 3)
    #expect(DenseClassifier(.uneven, seed: 3) == model)
    #expect(DenseClassifier(.uneven, seed: 4) != model)
  }

  @Test func matricesAreRandomAndTheRestChangesNothing() {
    for (name, tensor) in DenseClassifier(.uneven, seed: 5).parameters where tensor.count > 0 {
      let values = Set(tensor.elements)
      if tensor.shape.count == 2 {
        #expect(values.count > 1 && values.allSatisfy { abs($0) <= 0.04 }, "\(name)")
      } else {
        #expect(values == [name.hasSuffix("norm.weight") ? 1 : 0], "\(name)")
      }
    }
  }

  @Test func zerosHaveTheModelsShapes() {
    let model = DenseClassifier.random(.uneven, seed: 6)
    let zeros = model.zeros()
    #expect(zeros.parameters.map(\.name) == model.parameters.map(\.name))
    #expect(zeros.parameters.map(\.tensor.shape) == model.parameters.map(\.tensor.shape))
    #expect(zeros.parameters.allSatisfy { $0.tensor.elements.allSatisfy { $0 == 0 } })
    #expect(zeros.parameterCount == model.parameterCount)
  }

  @Test func copiesAreChangedApart() {
    let model = DenseClassifier.random(.uneven, seed: 7)
    var copy = model
    copy.layers[0].attention.output.weight[0] += 1
    #expect(copy != model && model == DenseClassifier.random(.uneven, seed: 7))
  }
}
