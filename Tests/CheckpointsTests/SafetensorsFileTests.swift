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
    ("", "expected an object, found the end"), ("nonsense", "found n"), ("[1]", "found ["),
    ("{", "found the end"), ("{\"a\":}", "expected an object, found }"), ("{\"a\"}", "expected :"),
    ("{}garbage", "expected the end, found g"), ("{}{}", "expected the end"),
    ("{,}", "expected a string"), ("{\"a\":{},}", "tensor a"), ("\u{0}", "found the byte 0x0"),
  ])
  func headersThatAreNoObjectAreRefused(header: String, words: String) throws {
    try expectRefusal(file(header), "header", words)
  }

  @Test func headersThatNestAreRefused() throws {
    let depth = 100_000
    try expectRefusal(file(String(repeating: "{\"a\":", count: depth)), "unknown key a")
    let entry = #"{"a":{"shape":"# + String(repeating: "[", count: depth)
    try expectRefusal(file(entry), "expected a whole number, found [")
  }

  @Test func namesThatStandTwiceAreRefused() throws {
    let entry = tensor("F32", "[2]", "[0,8]")
    try expectRefusal(file(#"{"a":\#(entry),"a":\#(entry)}"#, data: 8), "the key a stands twice")
    try expectRefusal(file(#"{"a":\#(entry),"\u0061":\#(entry)}"#, data: 8), "stands twice")
    try expectRefusal(
      file(#"{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}"#, data: 8),
      "the key shape stands twice")
    try expectRefusal(file(#"{"__metadata__":{"a":"","a":""}}"#), "the key a stands twice")
    try expectRefusal(file(#"{"__metadata__":{},"__metadata__":{}}"#), "stands twice")
  }

  @Test func textThatIsNotUTF8IsRefused() throws {
    let wrong: [[UInt8]] = [
      [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xc3],
    ]
    for bytes in wrong {
      let header = Data(#"{"__metadata__":{"a":""#.utf8) + Data(bytes) + Data("\"}}".utf8)
      let length = Data([UInt8(header.count), 0, 0, 0, 0, 0, 0, 0])
      try expectRefusal(length + header, "not UTF-8")
    }
  }

  @Test(arguments: [
    ("1", "expected an object"), ("[]", "expected an object"), ("null", "expected an object"),
    ("{}", "tensor a: expected dtype, shape and"), (#"{"dtype":"F32"}"#, "tensor a: expected"),
    (#"{"dtype":3,"shape":[2],"data_offsets":[0,8]}"#, "expected a string, found 3"),
    (#"{"dtype":"F32","shape":2,"data_offsets":[0,8]}"#, "expected an array, found 2"),
    (#"{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}"#, "expected a whole number, found \""),
    (#"{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}"#, "expected a whole number, found ."),
    (#"{"dtype":"F32","shape":[2],"data_offsets":{}}"#, "expected an array, found {"),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[0,8.5]}"#, "expected a whole number"),
    (#"{"dtype":"F32","shape":[1e99],"data_offsets":[0,8]}"#, "expected a whole number, found e"),
    (#"{"dtype":"F32","shape":[02],"data_offsets":[0,8]}"#, "begins with 0"),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[0]}"#, "two data_offsets"),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}"#, "more than 2 numbers"),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}"#, "tensor a has the unknown key x"),
  ])
  func entriesOfAnotherKindAreRefused(entry: String, words: String) throws {
    try expectRefusal(file(#"{"a":\#(entry)}"#, data: 8), words)
  }

  @Test func lyingEntriesAreRefused() throws {
    try expectRefusal(dtype: "F31", "tensor a: expected a type of F32, F16")
    try expectRefusal(dtype: "f32", "found f32")
    try expectRefusal(shape: "[3]", "shape [3] needs 12 bytes, found 8")
    try expectRefusal(dtype: "F16", "shape [2] needs 4 bytes, found 8")
    try expectRefusal(dtype: "I64", "shape [2] needs 16 bytes, found 8")
    try expectRefusal(dtype: "F4", shape: "[15]", "ends inside a byte")
    try expectRefusal(shape: "[-2]", "expected a whole number, found -")
    try expectRefusal(shape: "[4611686018427387904,4]", "impossible shape")
    try expectRefusal(shape: "[9223372036854775808]", "beyond 64 bits")
    try expectRefusal(shape: "[4294967296,4294967296,0]", offsets: "[0,0]", data: 0, "impossible")
    let ones = Array(repeating: "1", count: 65).joined(separator: ",")
    try expectRefusal(shape: "[\(ones)]", "more than 64 numbers")
    try expectRefusal(offsets: "[0,12]", "lie outside")
    try expectRefusal(offsets: "[8,0]", "lie outside")
    try expectRefusal(offsets: "[0,9223372036854775807]", "lie outside")
  }

  @Test func messagesRepeatNoMoreThanTheBeginningOfAName() throws {
    let long = "\u{1b}[2J" + String(repeating: "n", count: 1_000_000)
    let escaped = long.replacingOccurrences(of: "\u{1b}", with: "\\u001b")
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      for header in [
        #"{"\#(escaped)":{}}"#, #"{"a":{"dtype":"\#(escaped)"}}"#, #"{"a":{"\#(escaped)":1}}"#,
        #"{"\#(escaped)":{"dtype":"F32","shape":[0],"data_offsets":[0,9]}}"#,
      ] {
        try file(header).write(to: url)
        let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(contentsOf: url) }
        let message = error?.description ?? ""
        #expect(message.contains("\u{fffd}[2Jnnn") && message.contains("nnn…"))
        #expect(message.utf8.count < 1_000 && !message.contains("\u{1b}"))
      }
    }
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

  @Test func typesThatAreNotComputedWithAreListedAndNotRead() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      for type in StoredType.allCases {
        let entry = tensor(type.rawValue, "[8]", "[0,\(type.bitCount)]")
        let header = "{\"a\":\(entry)}"
        try file(header, data: type.bitCount).write(to: url)
        let read = try SafetensorsFile(contentsOf: url)
        #expect(read.names == ["a"] && read.type(of: "a") == type && read.shape(of: "a") == [8])
        #expect(read.byteCount(of: "a") == type.bitCount && read.type(of: "b") == nil)
        if type.elementType != nil {
          #expect(try read.tensor("a") == Tensor(zeros: 8))
        } else {
          let error = CheckpointError.wrongType(path: url.path, name: "a", found: type)
          #expect(throws: error) { try read.tensor("a") }
        }
      }
      #expect(StoredType.allCases.compactMap(\.elementType).count == ElementType.allCases.count)
    }
  }

  @Test func aSparseFileOfFourGigabytesIsOnlyMapped() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      try file(#"{"a":\#(tensor("F32", "[1073741824]", "[0,4294967296]"))}"#).write(to: url)
      let handle = try FileHandle(forUpdating: url)
      try handle.truncate(atOffset: try handle.seekToEnd() + 4_294_967_296)
      try handle.close()
      let clock = ContinuousClock()
      let time = try clock.measure {
        let file = try SafetensorsFile(contentsOf: url)
        #expect(file.byteCount(of: "a") == 4_294_967_296)
      }
      #expect(time < .seconds(1))
    }
  }

  /// A header of 20 MB, as dense as it gets: it is refused at a bound, or read, in bounded time.
  @Test func longHeadersAreReadOrRefusedInTime() throws {
    let clock = ContinuousClock()
    let time = try clock.measure {
      let keys = (0...(1 << 20)).map { "\"\($0)\":\"\"" }.joined(separator: ",")
      try expectRefusal(file("{\"__metadata__\":{\(keys)}}"), "more than 1048576 keys")
      try expectRefusal(file(String(repeating: " ", count: 20_000_000)), "found the end")
    }
    #expect(time < .seconds(20))
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
