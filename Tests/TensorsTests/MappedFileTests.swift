import Foundation
import Tensors
import Testing

@Suite struct MappedFileTests {
  private let values: [Float] = [1, -2, 3.5, .infinity, -0.0, 0x1p-140]

  private func bytes(_ type: ElementType, offset: Int) -> [UInt8] {
    Array(repeating: 0xee, count: offset)
      + Tensor(values, shape: [values.count]).serialized(as: type)
  }

  @Test(arguments: [0, 1, 2, 3, 4, 7, 64])
  func tensorsAreReadFromAnyByte(offset: Int) throws {
    try withTemporaryFile(bytes(.f32, offset: offset)) { url in
      let file = try MappedFile(url)
      #expect(file.count == offset + 24)
      #expect(file.tensor(at: offset, shape: [2, 3], as: .f32) == Tensor(values, shape: [2, 3]))
    }
  }

  @Test(arguments: [ElementType.f16, .bf16], [0, 1, 2, 3])
  func halvesAreReadFromAnyByte(type: ElementType, offset: Int) throws {
    let exact: [Float] = [1, -2, 3.5, .infinity, -0.0, 0]
    let data = Tensor(exact, shape: [6]).serialized(as: type)
    try withTemporaryFile(Array(repeating: 0xee, count: offset) + data) { url in
      let tensor = try MappedFile(url).tensor(at: offset, shape: [6], as: type)
      #expect(tensor == Tensor(exact, shape: [6]))
    }
  }

  @Test(arguments: [0, 2])
  func changingATensorChangesNeitherFileNorOthers(offset: Int) throws {
    let content = bytes(.f32, offset: offset)
    try withTemporaryFile(content) { url in
      let file = try MappedFile(url)
      let kept = file.tensor(at: offset, shape: [6], as: .f32)
      var changed = file.tensor(at: offset, shape: [6], as: .f32)
      changed[0] = 99
      let device = Device(threads: 1)
      let activated = device.gelu(file.tensor(at: offset, shape: [6], as: .f32))
      let normalized = device.layerNorm(
        file.tensor(at: offset, shape: [1, 6], as: .f32), residual: nil, dropout: .none,
        weight: kept, bias: kept, epsilon: 1, recording: false)
      #expect(activated[1] < 0 && normalized.output.count == 6)
      #expect(changed.elements[0] == 99 && kept == Tensor(values, shape: [6]))
      #expect(try [UInt8](Data(contentsOf: url)) == content)
    }
  }

  @Test func tensorsOutliveTheFile() throws {
    let tensor = try withTemporaryFile(bytes(.f32, offset: 0)) { url in
      try MappedFile(url).tensor(at: 0, shape: [6], as: .f32)
    }
    #expect(tensor == Tensor(values, shape: [6]))
  }

  @Test(arguments: [0, 2, 4])
  func joinedPartsAreTheSameAndStayValid(offset: Int) throws {
    let count = 10_000
    let whole = Tensor((0..<3 * count).map(Float.init), shape: [3 * count / 50, 50])
    let content = Array(repeating: 0xee, count: offset) + whole.serialized(as: .f32)
    try withTemporaryFile(content) { url in
      let file = try MappedFile(url)
      let parts = (0..<3).map {
        file.tensor(at: offset + 4 * count * $0, shape: [count / 50, 50], as: .f32)
      }
      var joined = Tensor(joining: parts)
      #expect(joined == whole && Tensor.concatenation(parts) == whole)
      joined[0] = 99
      #expect(parts[0][0] == 0, "a part is not changed with the whole")
      let own = Tensor([1, 2], shape: [2, 1])
      #expect(Tensor(joining: [own, own]).elements == [1, 2, 1, 2])
      #expect(own.elements == [1, 2])
    }
  }

  #if os(Linux)
    /// What the system says of the file's pages in memory, in bytes.
    private func residentBytes(of url: URL) throws -> Int {
      let maps = FileHandle(forReadingAtPath: "/proc/self/smaps")
      let text = String(decoding: try maps?.readToEnd() ?? Data(), as: UTF8.self)
      var isInFile = false
      var kilobytes = 0
      for line in text.split(separator: "\n") {
        let words = line.split(separator: " ")
        if words[0].contains("-") { isInFile = line.hasSuffix(url.lastPathComponent) }
        if isInFile && words[0] == "Rss:" { kilobytes += Int(words[1]) ?? 0 }
      }
      return kilobytes * 1024
    }

    @Test(arguments: [ElementType.f32, .f16, .bf16])
    func whatWasJoinedOrWidenedIsNotKeptTwice(type: ElementType) throws {
      let count = 1 << 20
      let part = Tensor(repeating: 1.5, shape: [count])
      try withTemporaryFile([UInt8](part.serialized(as: type))) { url in
        let file = try MappedFile(url)
        let mapped = file.tensor(at: 0, shape: [count], as: type)
        if type == .f32 {
          #expect(mapped == part)
          let resident = try residentBytes(of: url)
          #expect(resident == 4 * count)
        }
        #expect(Tensor(joining: [mapped]) == part)
        #expect(try residentBytes(of: url) == 0)
        #expect(mapped == part)
      }
    }
  #endif

  @Test func emptyFilesHoldEmptyTensors() throws {
    try withTemporaryFile([]) { url in
      let file = try MappedFile(url)
      #expect(file.count == 0 && file.data(0..<0).isEmpty)
      #expect(file.tensor(at: 0, shape: [0, 4], as: .f32) == Tensor(zeros: 0, 4))
    }
  }

  @Test func bytesAreCopied() throws {
    try withTemporaryFile([1, 2, 3, 4]) { url in
      let file = try MappedFile(url)
      #expect(file.data(1..<3) == Data([2, 3]))
    }
  }

  @Test func missingFilesAndFoldersThrow() {
    #expect(throws: (any Error).self) { try MappedFile(URL(filePath: "/no/such/file")) }
    #expect(throws: (any Error).self) { try MappedFile(FileManager.default.temporaryDirectory) }
  }
}
