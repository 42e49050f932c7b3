import Checkpoints
import Foundation
import Tensors
import Testing

/// Matrices that are written without their zeros.
@Suite struct OmittedZerosTests {
  /// A matrix of which one block in `stride` is not zero.
  private func matrix(
    _ shape: [Int], block: BlockShape, oneIn stride: Int, value: Float = 0.5
  ) -> Tensor {
    var matrix = Tensor(zeros: shape)
    let across = shape[1] / block.columns
    for row in 0..<shape[0] {
      for column in 0..<shape[1] {
        let place = row / block.rows * across + column / block.columns
        if place % stride == 3 % stride { matrix[row * shape[1] + column] = value }
      }
    }
    return matrix
  }

  private func written(
    _ tensors: [(name: String, tensor: Tensor)], as type: ElementType = .f32,
    _ body: (SafetensorsFile, Data) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a.safetensors")
      try SafetensorsFile.write(
        tensors, as: type, metadata: ["format": "pare"], omittingZeros: true, to: url)
      try body(try SafetensorsFile(contentsOf: url), try Data(contentsOf: url))
    }
  }

  /// The header as any reader of the format sees it.
  private func header(_ bytes: Data) throws -> [String: Any] {
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let object = try JSONSerialization.jsonObject(with: bytes[8..<8 + length])
    return try #require(object as? [String: Any])
  }

  @Test(arguments: ElementType.allCases)
  func readingWhatWasWrittenIsTheIdentity(type: ElementType) throws {
    var odd = matrix([12, 32], block: BlockShape(1, 1), oneIn: 9)
    odd[0] = -0.0
    odd[5] = .nan
    odd[7] = .infinity
    let tensors: [(name: String, tensor: Tensor)] = [
      ("odd", odd), ("bias", Tensor(zeros: 64)), ("none", Tensor(zeros: 0, 4)),
      ("groups", matrix([64, 33], block: BlockShape(4, 1), oneIn: 10)),
      ("runs", matrix([5, 64], block: BlockShape(1, 16), oneIn: 10)),
      ("blocks", matrix([320, 64], block: BlockShape(32, 32), oneIn: 10)),
      ("zeros", Tensor(zeros: 9, 7)), ("full", Tensor(repeating: 2, shape: [8, 8])),
      ("cube", Tensor(zeros: 4, 4, 4)),
    ]
    try written(tensors, as: type) { file, _ in
      #expect(file.names == tensors.map(\.name).sorted() && file.metadata == ["format": "pare"])
      for (name, tensor) in tensors {
        let found = try file.tensor(name)
        if type == .f32 || name != "odd" {
          #expect(found == tensor, "\(name)")
        } else {
          #expect(found[0].bitPattern == (-0.0 as Float).bitPattern)
          #expect(found[5].isNaN && found[7] == .infinity && found[3] == 0.5)
        }
        #expect(file.shape(of: name) == tensor.shape && file.type(of: name)?.elementType == type)
      }
    }
  }

  /// As the README of the module says, so that a reader of the format alone can make the matrix.
  @Test func theLayoutIsAsDocumented() throws {
    let tensor = matrix([32, 20], block: BlockShape(4, 1), oneIn: 11)
    try written([("w", tensor), ("b", Tensor([1], shape: [1]))]) { file, bytes in
      let header = try header(bytes)
      let metadata = try #require(header["__metadata__"] as? [String: String])
      #expect(metadata["pare.sparse"] == #"{"w":{"block":[4,1],"shape":[32,20]}}"#)
      let mask = try #require(header["w.mask"] as? [String: Any])
      let values = try #require(header["w.values"] as? [String: Any])
      #expect(mask["dtype"] as? String == "U8" && mask["shape"] as? [Int] == [20])
      #expect(values["dtype"] as? String == "F32" && values["shape"] as? [Int] == [15, 4, 1])
      #expect(values["data_offsets"] as? [Int] == [0, 240] && header["w"] == nil)
      // Masks last: what is mapped stays aligned.
      #expect(mask["data_offsets"] as? [Int] == [244, 264])
      let bits = bytes.suffix(20).map { $0 }
      for block in 0..<160 {
        #expect((bits[block / 8] >> (block % 8) & 1 == 1) == (block % 11 == 3))
      }
      #expect(file.byteCount(of: "w") == 260 && file.maskByteCount(of: "w") == 20)
      #expect(file.maskByteCount(of: "b") == 0 && file.maskByteCount(of: "x") == 0)
    }
  }

  @Test(arguments: [
    (BlockShape(1, 1), 0.3), (BlockShape(4, 1), 0.22), (BlockShape(1, 16), 0.21),
    (BlockShape(32, 32), 0.21),
  ])
  func theSmallestBlocksOfAFewAreChosen(block: BlockShape, most: Double) throws {
    let tensor = matrix([384, 384], block: block, oneIn: 5)
    try written([("w", tensor)]) { file, bytes in
      let metadata = try #require(try header(bytes)["__metadata__"] as? [String: String])
      let claim = "\"block\":[\(block.rows),\(block.columns)]"
      #expect(metadata["pare.sparse"]?.contains(claim) == true)
      #expect(Double(file.byteCount(of: "w")) < most * 4 * 384 * 384)
    }
  }

  @Test func filesWithoutEnoughZerosAreTheSameBytes() throws {
    // 4 of 5 kept: fewer values, but with the mask less than an eighth smaller.
    var few = Tensor(repeating: 1, shape: [40, 40])
    for index in stride(from: 0, to: few.count, by: 8) { few[index] = 0 }
    let tensors = [
      ("w", few), ("x", Tensor(repeating: 3, shape: [5, 5])), ("b", Tensor(zeros: 99)),
    ]
    try withTemporaryFolder { folder in
      let (plain, omitting) = (folder.appending(path: "a"), folder.appending(path: "b"))
      try SafetensorsFile.write(tensors, metadata: ["format": "pare"], to: plain)
      try SafetensorsFile.write(
        tensors, metadata: ["format": "pare"], omittingZeros: true, to: omitting)
      #expect(try Data(contentsOf: plain) == Data(contentsOf: omitting))
    }
  }

  @Test func zerosStayWhereNobodyAsksForTheirOmission() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "a")
      try SafetensorsFile.write([("w", Tensor(zeros: 64, 64))], to: url)
      #expect(try SafetensorsFile(contentsOf: url).byteCount(of: "w") == 4 * 64 * 64)
    }
  }

  /// 90 % of 4×1 blocks are zero: a tenth of the values, and a bit for each block.
  @Test(arguments: [(ElementType.f32, 9.2), (.f16, 8.6), (.bf16, 8.6)])
  func aNinetyPercentSparseMatrixIsSixTimesSmaller(type: ElementType, times: Double) throws {
    let tensor = matrix([1536, 384], block: BlockShape(4, 1), oneIn: 10)
    try written([("w", tensor)], as: type) { file, _ in
      let dense = tensor.count * type.byteCount
      #expect(Double(dense) / Double(file.byteCount(of: "w")) > times)
    }
  }

  /// No small file asks for much memory: a coarse mask of nothing gives way to a finer one.
  @Test func aMatrixOfZerosIsStoredInBoundedShare() throws {
    try written([("w", Tensor(zeros: 1024, 1024))]) { file, _ in
      #expect(file.byteCount(of: "w") * 64 >= 4 << 20)
      let found = try file.tensor("w")
      #expect(found == Tensor(zeros: 1024, 1024))
    }
  }

  @Test func equalTensorsGiveEqualBytesAgain() throws {
    let tensors = [("w", matrix([64, 64], block: BlockShape(4, 1), oneIn: 7))]
    var first = Data()
    try written(tensors) { file, bytes in
      first = bytes
      let again = [("w", try file.tensor("w"))]
      try written(again) { #expect($1 == first && $0.names == ["w"]) }
    }
  }

  @Test func namesThatAreTakenAreNotTakenTwice() throws {
    for other in ["w.mask", "w.values"] {
      let tensors = [("w", Tensor(zeros: 64, 64)), (other, Tensor([1], shape: [1]))]
      try written(tensors) { file, _ in
        #expect(file.names == ["w", other] && file.maskByteCount(of: "w") == 0)
      }
    }
  }

  @Test func masksAndValuesWithoutAClaimAreTensorsLikeOthers() throws {
    let tensors = [("w.mask", Tensor(zeros: 2)), ("w.values", Tensor(zeros: 1, 1, 1))]
    try written(tensors) { file, _ in #expect(file.names == ["w.mask", "w.values"]) }
  }
}
