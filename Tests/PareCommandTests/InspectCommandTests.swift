import Foundation
import Pare
import Testing

@Suite struct InspectCommandTests {
  @Test func jsonHasTheDocumentedKeys() throws {
    let folder = try Sample.folder()
    let object = try folder.pare("inspect", "model", "--json").object()
    let parts = ["attention", "embeddings", "feedForward", "head", "total"]
    for key in ["parameters", "bytes", "multiplyAdds"] {
      let numbers = try #require(object[key] as? [String: Int])
      #expect(numbers.keys.sorted() == parts)
      #expect(numbers["total"] == numbers.filter { $0.key != "total" }.values.reduce(0, +))
    }
    let layers = try #require(object["layers"] as? [[String: Int]])
    #expect(
      layers
        == Array(
          repeating: ["headCount": 3, "headSize": 8, "intermediateSize": 32], count: 2))
    let model = try SavedClassifier(contentsOf: folder["model"]).classifier
    let parameters = try #require(object["parameters"] as? [String: Int])
    let bytes = try #require(object["bytes"] as? [String: Int])
    #expect(parameters["total"] == model.parameterCount)
    #expect(bytes["total"] == 4 * model.parameterCount)
    #expect(object["labels"] as? [String] == ["negative", "positive"])
    let history = try #require(object["history"] as? [[String: Any]])
    #expect(history.count == 1 && history[0]["command"] as? String == "pare train")
  }

  @Test func theTableShowsSizesAndHistory() throws {
    let folder = try Sample.folder()
    let text = try folder.pare("inspect", "model").text
    for word in ["embeddings", "attention", "layer", "heads", "pare train", "positive"] {
      #expect(text.contains(word))
    }
  }

  @Test func multiplyAddsAreCountedForTheLengthGiven() throws {
    let folder = try Sample.folder()
    func total(_ arguments: String...) throws -> Int {
      let object = try folder.start(["inspect", "model", "--json"] + arguments).wait().object()
      return try #require((object["multiplyAdds"] as? [String: Int])?["total"])
    }
    let configuration = try SavedClassifier(contentsOf: folder["model"]).classifier.configuration
    #expect(
      try total("--length", "9")
        == configuration.cost(sequenceLength: 9).multiplyAdds.total)
    // The model has 48 positions: no sequence is longer.
    #expect(try total() == total("--length", "48"))
    for length in ["0", "49", "-1", "1000000000000000000"] {
      expectFailure(
        try folder.start(["inspect", "model", "--length=\(length)"]).wait(), "--length",
        "1 to 48", length)
    }
  }

  @Test func zerosAreCountedAndMasksToldApart() throws {
    let folder = try Sample.folder()
    let dense = try folder.pare("inspect", "model").text
    #expect(!dense.contains("masks"))
    var saved = try SavedClassifier(contentsOf: folder["model"])
    saved.classifier.forEachParameter(at: "") { name, tensor in
      if name == "layers.1.feedForward.up.weight" { tensor.fill(0) }
    }
    try saved.write(to: folder["sparse"])
    let object = try folder.pare("inspect", "sparse", "--json").object()
    let zeros = try #require(object["zeros"] as? [String: Int])
    let masks = try #require(object["maskBytes"] as? [String: Int])
    let bytes = try #require(object["bytes"] as? [String: Int])
    // 32 neurons of 24 inputs: a bit for each weight, since a coarser mask of nothing is none.
    #expect((zeros["feedForward"] ?? 0) >= 768 && masks["feedForward"] == 96)
    #expect(masks["attention"] == 0 && masks["total"] == 96)
    #expect(bytes["total"] == 4 * (saved.classifier.parameterCount - 768) + 96)
    let text = try folder.pare("inspect", "sparse").text
    for word in ["zeros", "values", "masks"] { #expect(text.contains(word)) }
  }
}
