import Foundation
import Testing

@Suite struct BenchCommandTests {
  private let quick = ["--calls", "3", "--seconds", "0.01"]
  private let keys = [
    "median", "p95", "interval", "sentencesPerSecond", "tokensPerSecond", "peakMemory",
    "precision", "batch", "length", "threads", "cpu",
  ]

  @Test(arguments: [
    [], ["--train"], ["--train", "--data", "test.tsv"], ["--data", "test.tsv"],
    ["--data", "test.tsv", "--single"],
  ])
  func jsonHasTheDocumentedKeys(mode: [String]) throws {
    let folder = try Sample.folder()
    let outcome = try folder.start(
      ["bench", "model", "--json", "--threads", "2", "--batch", "4", "--length", "9"]
        + quick + mode
    ).wait()
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    let object = try outcome.object()
    #expect(Set(object.keys).isSuperset(of: keys))
    #expect(object["precision"] as? String == "f32" && object["threads"] as? Int == 2)
    if !mode.contains("--data") {
      #expect(object["batch"] as? Int == 4 && object["length"] as? Double == 9)
    } else {
      #expect(object["batch"] as? Int == (mode.contains("--single") ? 1 : 40))
      #expect((object["length"] as? Double ?? 99) <= 9, "--length is the most tokens of a text")
    }
    let interval = try #require(object["interval"] as? [String: Double])
    let median = try #require(object["median"] as? Double)
    #expect(median >= interval["low"] ?? .infinity && median <= interval["high"] ?? 0)
  }

  @Test func severalModelsAreOneObjectALine() throws {
    let folder = try Sample.folder()
    let objects = try folder.start(
      ["bench", "model", "model", "--json", "--length", "8"] + quick
    ).wait().objects()
    #expect(objects.compactMap { $0["model"] as? String } == ["model", "model"])
    #expect(objects.allSatisfy { Set($0.keys).isSuperset(of: keys) })
  }

  @Test func aRandomModelNeedsNoFolder() throws {
    let folder = try Folder()
    let outcome = try folder.start(
      ["bench", "--shape", Sample.shape + ",vocabulary=300", "--batch", "2"] + quick
    ).wait()
    #expect(outcome.status == 0)
    for word in ["random", "sentences/s", "peak memory", "f32, 2 sentences of 32.0 tokens"] {
      #expect(outcome.text.contains(word))
    }
  }

  @Test func dataNeedsNoLabels() throws {
    let folder = try Sample.folder()
    try folder.write("texts.jsonl", "{\"text\": \"good\"}\n{\"text\": \"bad, very bad\"}\n")
    let outcome = try folder.start(["bench", "model", "--data", "texts.jsonl"] + quick).wait()
    #expect(outcome.status == 0)
  }

  @Test func sparseProductsAreALineForEachWeightAndNumberOfRows() throws {
    let folder = try Folder()
    let arguments = ["bench", "--sparse", "--shape", "hidden=16,ffn=36", "--calls", "1"]
    let objects = try folder.start(arguments + ["--json", "--threads", "1"]).wait().objects()
    #expect(objects.count == 3 * 4 * 5 * 3)
    for object in objects {
      let times = try #require(object["milliseconds"] as? [String: Double])
      #expect(Set(times.keys) == ["dense", "sparseRows", "sparseGroups"])
      #expect(times.keys.contains(try #require(object["chosen"] as? String)))
    }
    let text = try folder.start(arguments).wait().text
    for word in ["36×16", "16×36", "4×1", "32×32", "55.0 %", "sparseGroups", "times faster"] {
      #expect(text.contains(word))
    }
    for other in ["--train", "--single", "--data=x", "model"] {
      #expect(try folder.start(["bench", "--sparse", other]).wait().status != 0)
    }
  }
}
