import Checkpoints
import Foundation
import Tensors
import Testing

/// Files that lie about the zeros they leave out.
@Suite struct SparseEntryTests {
  /// A file of a 4 × 4 matrix in blocks of 2 × 2, of which the second and the third are kept; each
  /// part may be given otherwise.
  private func file(
    claim: String = #"{"w":{"block":[2,2],"shape":[4,4]}}"#, mask: [UInt8] = [0b0110],
    maskType: String = "U8", maskShape: String? = nil, values: String = "[2,2,2]",
    valueType: String = "F32", valueBytes: Int = 32, others: String = "", name: String = "w"
  ) -> Data {
    let escaped = claim.replacingOccurrences(of: "\"", with: "\\\"")
    let end = valueBytes + mask.count
    let header =
      #"{"__metadata__":{"pare.sparse":"\#(escaped)"},"#
      + #""\#(name).values":{"dtype":"\#(valueType)","shape":\#(values),"#
      + #""data_offsets":[0,\#(valueBytes)]},"\#(name).mask":{"dtype":"\#(maskType)","#
      + #""shape":\#(maskShape ?? "[\(mask.count)]"),"data_offsets":[\#(valueBytes),\#(end)]}"#
      + others + "}"
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> ($0 * 8)) }
    return Data(length) + Data(header.utf8) + Data(repeating: 0x40, count: valueBytes) + Data(mask)
  }

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
      for word in words {
        #expect(reason.contains(word), "\(reason)", sourceLocation: location)
      }
    }
  }

  @Test func theSoundFileIsRead() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      try file().write(to: url)
      let read = try SafetensorsFile(contentsOf: url)
      let value = Float(bitPattern: 0x4040_4040)
      let expected: [Float] = [0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0].map { $0 * value }
      #expect(read.names == ["w"] && read.metadata.isEmpty && read.shape(of: "w") == [4, 4])
      #expect(try read.tensor("w") == Tensor(expected, shape: [4, 4]))
      #expect(throws: CheckpointError.missingTensor(path: url.path, name: "w.mask")) {
        try read.tensor("w.mask")
      }
    }
  }

  @Test func masksMustFitTheirBlocks() throws {
    try expectRefusal(
      file(mask: [6, 0]), "tensor w", "a mask of the shape [1] for 4 blocks", "[2]")
    try expectRefusal(file(mask: []), "expected a mask of the shape [1]")
    try expectRefusal(file(maskShape: "[1,1]"), "found [1, 1]")
    try expectRefusal(file(mask: [0b0100]), "the mask keeps 1 blocks, there are values of 2")
    try expectRefusal(file(mask: [0b1111]), "keeps 4 blocks")
    try expectRefusal(file(mask: [0b10110]), "bits behind its last block")
  }

  @Test func typesMustBeThoseOfMasksAndValues() throws {
    try expectRefusal(file(maskType: "I8"), "expected a mask of U8", "I8")
    try expectRefusal(file(maskType: "BOOL"), "BOOL")
    try expectRefusal(
      file(values: "[1,2,2]", valueType: "F64"), "values of F32, F16 or BF16", "F64")
  }

  @Test func valuesMustBeBlocks() throws {
    for shape in ["[8]", "[2,4]", "[4,2,1]", "[4,1,2]", "[2,2,2,1]"] {
      try expectRefusal(file(values: shape), "expected values of the shape [kept, 2, 2]")
    }
    try expectRefusal(file(values: "[1,2,2]", valueBytes: 16), "values of 1")
  }

  @Test(arguments: [
    (#"{"w":{"block":[0,2],"shape":[4,4]}}"#, "blocks of [0, 2]"),
    (#"{"w":{"block":[2,0],"shape":[4,4]}}"#, "do not divide"),
    (#"{"w":{"block":[3,2],"shape":[4,4]}}"#, "do not divide the shape [4, 4]"),
    (#"{"w":{"block":[8,8],"shape":[4,4]}}"#, "do not divide"),
    (#"{"w":{"block":[2,2],"shape":[4]}}"#, "of two sizes each"),
    (#"{"w":{"block":[2],"shape":[4,4]}}"#, "of two sizes each"),
    (#"{"w":{"block":[2,2],"shape":[4,4,4]}}"#, "more than 2 numbers"),
    (#"{"w":{"block":[2,2]}}"#, "tensor w: expected block and shape"),
    (#"{"w":{"block":[2,-2],"shape":[4,4]}}"#, "a whole number"),
    (#"{"w":{"block":[2,2],"shape":[4,4],"x":1}}"#, "unknown key x"),
    (#"{"w":{"block":[2,2],"shape":[4,4]},"w":{"block":[2,2],"shape":[4,4]}}"#, "stands twice"),
    (#"{"w":[]}"#, "expected an object"), ("[]", "pare.sparse in the metadata"), ("", "the end"),
    (#"{"w":{"block":[2,2],"shape":[4,4]}}x"#, "expected the end"),
    (#"{"w":{"block":[2,2],"shape":[4611686018427387904,4]}}"#, "more than 64 times"),
    (#"{"w":{"block":[2,2],"shape":[1048576,1048576]}}"#, "more than 64 times the 33 bytes"),
    (#"{"w":{"block":[1,1],"shape":[24,24]}}"#, "more than 64 times"),
    (#"{"w":{"block":[2,2],"shape":[9223372036854775806,0]}}"#, "a mask of the shape [0]"),
    (#"{"v":{"block":[2,2],"shape":[4,4]}}"#, "tensor v: expected two tensors"),
    (#"{"w.mask":{"block":[2,2],"shape":[4,4]}}"#, "it is there whole"),
  ])
  func claimsMustBeSound(claim: String, words: String) throws {
    try expectRefusal(file(claim: claim), words)
  }

  @Test func aMatrixMayNotBeThereTwice() throws {
    let whole = #","w":{"dtype":"F32","shape":[0],"data_offsets":[33,33]}"#
    try expectRefusal(file(others: whole), "tensor w: it is there whole")
  }

  @Test func halfOfAMatrixIsNone() throws {
    try expectRefusal(
      file(claim: #"{"w":{"block":[2,2],"shape":[4,4]}}"#, name: "v"), "expected two tensors")
  }

  @Test func longNamesAreRepeatedInPartOnly() throws {
    let long = String(repeating: "n", count: 100_000)
    for claim in [#"{"\#(long)":{"block":[2,2],"shape":[4,4]}}"#, #"{"\#(long)":{}}"#] {
      try withTemporaryFolder { folder in
        let url = folder.appending(path: "a.safetensors")
        try file(claim: claim).write(to: url)
        let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(contentsOf: url) }
        #expect((error?.description.utf8.count ?? 0) < 1_000)
      }
    }
  }

  /// As many claims as a header has room for are refused or read in bounded time.
  @Test func manyClaimsAreReadInTime() throws {
    let claims = (0..<30_000).map { #""\#($0)":{"block":[1,1],"shape":[0,0]}"# }
    let time = try ContinuousClock().measure {
      try expectRefusal(file(claim: "{" + claims.joined(separator: ",") + "}"), "tensor 0")
    }
    #expect(time < .seconds(20))
  }

  @Test func emptyMatricesAreRead() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      try file(
        claim: #"{"w":{"block":[2,3],"shape":[0,9]}}"#, mask: [], values: "[0,2,3]", valueBytes: 0
      ).write(to: url)
      #expect(try SafetensorsFile(contentsOf: url).tensor("w") == Tensor(zeros: 0, 9))
    }
  }
}
