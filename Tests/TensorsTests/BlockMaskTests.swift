import Foundation
import Tensors
import Testing

@Suite struct BlockMaskTests {
  private let block = BlockShape(2, 3)

  @Test func blocksThatAreNotZeroAreKeptInOrder() throws {
    var matrix = Tensor(zeros: 4, 6)
    matrix[0 * 6 + 4] = 1
    matrix[3 * 6 + 0] = 2
    let bytes = matrix.serialized(as: .f32)
    let blocks = SerializedBlocks(of: bytes, shape: [4, 6], as: .f32, block: block)
    #expect(blocks.mask.bytes == [0b0110] && blocks.mask.blockCount == 4)
    #expect(blocks.mask.keptCount == 2)
    #expect(
      blocks.values
        == Tensor([0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0], shape: [12]).serialized(as: .f32))
    #expect(
      SerializedBlocks.keptCount(of: bytes, shape: [4, 6], as: .f32, block: block) == 2)
    let values = Tensor([0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0], shape: [2, 2, 3])
    #expect(Tensor(scattering: values, by: blocks.mask) == matrix)
  }

  @Test(arguments: ElementType.allCases)
  func signedZeroIsKeptAndWhatRoundsToZeroIsNot(type: ElementType) {
    let matrix = Tensor([-0.0, 0x1p-130, 0, .nan], shape: [4, 1])
    let blocks = SerializedBlocks(
      of: matrix.serialized(as: type), shape: [4, 1], as: type, block: BlockShape(1, 1))
    // 2⁻¹³⁰ is below the smallest half, and has bits of its own in the others.
    #expect(blocks.mask.bytes == [type == .f16 ? 0b1001 : 0b1011])
  }

  @Test func masksOfTheWrongLengthOrWithBitsBehindTheLastAreNone() {
    func mask(_ bytes: [UInt8], _ shape: [Int] = [4, 15]) -> BlockMask? {
      BlockMask(bytes, block: block, shape: shape)
    }
    #expect(mask([0xff, 0b11]) != nil)
    #expect(mask([0xff, 0b111]) == nil && mask([0xff]) == nil && mask([0xff, 0, 0]) == nil)
    #expect(mask([]) == nil && mask([], [0, 3]) != nil && mask([], [2, 0]) != nil)
    #expect(mask([0], [0, 3]) == nil && mask([0xff], [4, 12]) != nil)
  }

  @Test func blocksDivideMatricesAlone() {
    #expect(block.divides([4, 6]) && block.divides([0, 3]) && block.count == 6)
    #expect(!block.divides([3, 6]) && !block.divides([4, 5]) && !block.divides([6]))
    #expect(!block.divides([2, 2, 3]))
  }
}
