import Checkpoints
import Testing

@Suite struct CheckpointErrorTests {
  private static let errors: [(CheckpointError, [String])] = [
    (.missing(path: "/p", hint: "look there"), ["no such file", "look there"]),
    (.unreadable(path: "/p", reason: "locked"), ["cannot be read", "locked"]),
    (.unwritable(path: "/p", reason: "disk full"), ["cannot be written", "disk full"]),
    (.invalidHeader(path: "/p", reason: "lies"), ["safetensors", "lies"]),
    (.missingTensor(path: "/p", name: "a.b"), ["a.b", "found none"]),
    (.unexpectedTensor(path: "/p", name: "a.b"), ["a.b", "no place"]),
    (.wrongShape(path: "/p", name: "a.b", expected: [1, 2], found: [3]), ["a.b", "[1, 2]"]),
    (.wrongType(path: "/p", name: "a.b", found: .i64), ["a.b", "F32, F16 or BF16", "I64"]),
    (.invalidIndex(path: "/p", reason: "lies"), ["index", "lies"]),
    (.invalidJSON(path: "/p", reason: "unknown key x"), ["unknown key x"]),
    (.notAModel(path: "/p", missing: "config.json"), ["not a model folder", "config.json"]),
  ]

  @Test func everyErrorSaysWhatAndWhere() {
    for (error, words) in Self.errors {
      #expect(error.description.hasPrefix("/p: "))
      for word in words { #expect(error.description.contains(word)) }
    }
  }
}
