import Checkpoints
import Foundation
import Tensors
import Testing

@Suite struct SafetensorsWriterTests {
  private let tensors: [(name: String, tensor: Tensor)] = [
    ("b", Tensor([1, -0.0, .infinity, .nan, 0x1p-149, 3], shape: [2, 3])),
    ("a", Tensor([7], shape: [])), ("nothing", Tensor(zeros: 0, 5)),
    ("ünïcode \"quoted\"", Tensor([2], shape: [1, 1, 1])),
  ]

  @Test func readingWhatWasWrittenIsTheIdentity() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "new/folder/a.safetensors")
      try SafetensorsFile.write(tensors, metadata: ["key": "value\n"], to: url)
      let file = try SafetensorsFile(contentsOf: url)
      #expect(file.path == url.path && file.metadata == ["key": "value\n"])
      #expect(file.names == tensors.map(\.name).sorted())
      for (name, tensor) in tensors {
        #expect(try file.tensor(name) == tensor)
        #expect(file.shape(of: name) == tensor.shape)
        #expect(file.byteCount(of: name) == 4 * tensor.count)
      }
      #expect(try names(in: url.deletingLastPathComponent()) == ["a.safetensors"])
    }
  }

  @Test(arguments: [ElementType.f16, .bf16])
  func halvesAreReadAsTheyWereRounded(type: ElementType) throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      try SafetensorsFile.write([("a", Tensor([1, -2.5, 0.1], shape: [3]))], as: type, to: url)
      let file = try SafetensorsFile(contentsOf: url)
      let rounded: Float = type == .f16 ? 0.099975586 : 0.100097656
      #expect(try file.tensor("a").elements == [1, -2.5, rounded])
      #expect(file.byteCount(of: "a") == 6)
    }
  }

  @Test func equalTensorsGiveEqualBytes() throws {
    try withTemporaryFolder { folder in
      let urls = ["a", "b"].map { folder.appending(path: $0) }
      for url in urls {
        try SafetensorsFile.write(tensors, metadata: ["y": "1", "x": "2"], to: url)
      }
      #expect(try Data(contentsOf: urls[0]) == Data(contentsOf: urls[1]))
    }
  }

  @Test func dataBeginsAtAMultipleOf64() throws {
    try withTemporaryFolder { folder in
      for length in 0..<70 {
        let url = folder.appending(path: "a")
        let name = String(repeating: "n", count: length)
        try SafetensorsFile.write([(name, Tensor([1], shape: [1]))], to: url)
        let bytes = try Data(contentsOf: url)
        #expect(bytes.count % 64 == 4)
        #expect(try SafetensorsFile(contentsOf: url).tensor(name)[0] == 1)
      }
    }
  }

  @Test func noTensorsAreAFileToo() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      try SafetensorsFile.write([], to: url)
      #expect(try SafetensorsFile(contentsOf: url).names.isEmpty)
    }
  }

  @Test func aFileMayBeReplacedWhileItsTensorsAreInUse() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      let first = Tensor(repeating: 1, shape: [100_000])
      try SafetensorsFile.write([("a", first)], to: url)
      let mapped = try SafetensorsFile(contentsOf: url).tensor("a")
      try SafetensorsFile.write([("a", Tensor(repeating: 2, shape: [10]))], to: url)
      #expect(mapped == first)
      try SafetensorsFile.write([("a", mapped)], to: url)
      #expect(try SafetensorsFile(contentsOf: url).tensor("a") == first)
    }
  }
}
