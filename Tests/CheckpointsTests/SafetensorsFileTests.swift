import Checkpoints
import Foundation
import Tensors
import Testing

/// Files whose headers lie.
@Suite struct SafetensorsFileTests {
  /// The bytes of a file with this header, whatever it says.
  private func file(_ header: String, length: UInt64? = nil, data: Int = 0) -> Data {
    let length = length ?? UInt64(header.utf8.count)
    let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
    return Data(prefix) + Data(header.utf8) + Data(repeating: 0, count: data)
  }

  /// Expects the file to be refused for a reason that contains `words`.
  private func expectRefusal(
    _ bytes: Data, _ words: String..., at location: SourceLocation = #_sourceLocation
  ) throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      try bytes.write(to: url)
      let error = #expect(throws: CheckpointError.self, sourceLocation: location) {
        try SafetensorsFile(contentsOf: url)
      }
      guard case .invalidHeader(url.path, let reason) = error else {
        Issue.record("\(String(describing: error))", sourceLocation: location)
        return
      }
      for word in words { #expect(reason.contains(word), sourceLocation: location) }
    }
  }

  private func tensor(_ dtype: String, _ shape: String, _ offsets: String) -> String {
    #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  private func expectRefusal(
    dtype: String = "F32", shape: String = "[2]", offsets: String = "[0,8]", data: Int = 8,
    _ words: String, at location: SourceLocation = #_sourceLocation
  ) throws {
    let header = #"{"a":\#(tensor(dtype, shape, offsets))}"#
    try expectRefusal(file(header, data: data), words, at: location)
  }

  @Test(arguments: 0..<8)
  func filesShorterThanALengthAreRefused(count: Int) throws {
    let words = "expected 8 bytes of length, found \(count)"
    try expectRefusal(Data(repeating: 0, count: count), words)
  }

  @Test(arguments: [3, 1 << 31, 1 << 62, UInt64.max, 1 << 63])
  func headersLongerThanTheFileAreRefused(length: UInt64) throws {
    try expectRefusal(file("{}", length: length), "the file has room for 2")
  }

  @Test(arguments: [
    "", "nonsense", "{", "[1]", "3", "\"a\"", "null", "{\"a\":}", "{}garbage", "\u{0}",
  ])
  func headersThatAreNoObjectAreRefused(header: String) throws {
    try expectRefusal(file(header), "not")
  }

  @Test func headersThatNestWithoutEndAreRefused() throws {
    let depth = 100_000
    try expectRefusal(file(String(repeating: "[", count: depth)), "not JSON")
    let (opening, closing) = (String(repeating: "{\"a\":", count: depth), "}")
    try expectRefusal(file(opening + "1" + String(repeating: closing, count: depth)))
  }

  @Test(arguments: [
    "1", "[]", "null", "{}", #"{"dtype":"F32"}"#,
    #"{"dtype":3,"shape":[2],"data_offsets":[0,8]}"#,
    #"{"dtype":"F32","shape":2,"data_offsets":[0,8]}"#,
    #"{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}"#,
    #"{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}"#,
    #"{"dtype":"F32","shape":[2],"data_offsets":{}}"#,
    #"{"dtype":"F32","shape":[2],"data_offsets":[0,8.5]}"#,
    #"{"dtype":"F32","shape":[1e99],"data_offsets":[0,8]}"#,
  ])
  func entriesOfAnotherKindAreRefused(entry: String) throws {
    try expectRefusal(file(#"{"a":\#(entry)}"#, data: 8), "tensor a: expected dtype, shape and")
  }

  @Test func lyingEntriesAreRefused() throws {
    try expectRefusal(dtype: "F64", "expected one of the types F32, F16, BF16, found F64")
    try expectRefusal(dtype: "f32", "found f32")
    try expectRefusal(shape: "[3]", "shape [3] needs 12 bytes, found 8")
    try expectRefusal(dtype: "F16", "shape [2] needs 4 bytes, found 8")
    try expectRefusal(shape: "[-2]", "impossible shape [-2]")
    try expectRefusal(shape: "[-1,-2]", "impossible shape")
    try expectRefusal(shape: "[4611686018427387904,4]", "impossible shape")
    try expectRefusal(shape: "[4294967296,4294967296,0]", offsets: "[0,0]", data: 0, "impossible")
    try expectRefusal(offsets: "[0,12]", "lie outside")
    try expectRefusal(offsets: "[-8,0]", "lie outside")
    try expectRefusal(offsets: "[8,0]", "lie outside")
    try expectRefusal(offsets: "[0,9223372036854775807]", "lie outside")
    try expectRefusal(offsets: "[0]", "lie outside")
    try expectRefusal(offsets: "[0,4,8]", "lie outside")
  }

  @Test func gapsAndOverlapsAreRefused() throws {
    func both(_ first: String, _ second: String, data: Int) -> Data {
      let entries = [tensor("F32", "[2]", first), tensor("F32", "[2]", second)]
      return file(#"{"a":\#(entries[0]),"b":\#(entries[1])}"#, data: data)
    }
    try expectRefusal(both("[0,8]", "[4,12]", data: 12), "tensor b begins")
    try expectRefusal(both("[0,8]", "[0,8]", data: 8), "begins")
    try expectRefusal(both("[0,8]", "[12,20]", data: 20), "tensor b begins")
    try expectRefusal(both("[4,12]", "[12,20]", data: 20), "tensor a begins")
    try expectRefusal(both("[0,8]", "[8,16]", data: 20), "accounts for")
    try expectRefusal(file("{}", data: 1), "accounts for")
  }

  @Test func truncatedFilesAreRefusedWhereverTheyEnd() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      try SafetensorsFile.write([("a", Tensor([1, 2, 3], shape: [3]))], to: url)
      let whole = try Data(contentsOf: url)
      for count in 0..<whole.count { try expectRefusal(whole.prefix(count)) }
      try expectRefusal(whole + Data([0]), "accounts for")
    }
  }

  @Test func foldersAndMissingFilesAreTold() throws {
    try withTemporaryFolder { folder in
      let missing = folder.appending(path: "none")
      #expect(throws: CheckpointError.missing(path: missing.path, hint: "check the name")) {
        try SafetensorsFile(contentsOf: missing)
      }
      let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(contentsOf: folder) }
      guard case .unreadable(folder.path, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func missingTensorsAreNamed() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      try SafetensorsFile.write([("a", Tensor(zeros: 1))], to: url)
      let file = try SafetensorsFile(contentsOf: url)
      #expect(throws: CheckpointError.missingTensor(path: url.path, name: "b")) {
        try file.tensor("b")
      }
      #expect(file.shape(of: "b") == nil && file.byteCount(of: "b") == 0)
    }
  }

  /// As the format's own library writes them: spaces behind the header, any order, metadata.
  @Test func filesOfOtherToolsAreRead() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      let header =
        #"{"b":\#(tensor("BF16", "[1,2]", "[4,8]")),"__metadata__":{"format":"pt"},"#
        + #""empty":\#(tensor("F32", "[0,3]", "[4,4]")),"a":\#(tensor("F32", "[]", "[0,4]"))}   "#
      let data = Data([0, 0, 0x80, 0x3f, 0, 0x40, 0, 0xc0])
      try (file(header) + data).write(to: url)
      let read = try SafetensorsFile(contentsOf: url)
      #expect(read.names == ["a", "b", "empty"] && read.metadata == ["format": "pt"])
      #expect(try read.tensor("a") == Tensor([1], shape: []))
      #expect(try read.tensor("b") == Tensor([2, -2], shape: [1, 2]))
      #expect(try read.tensor("empty") == Tensor(zeros: 0, 3))
    }
  }
}
