import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct ElementTypeTests {
  /// The bits of elements as a file holds them.
  private func bits(_ values: [Float], _ type: ElementType) -> [UInt16] {
    let data = [UInt8](Tensor(values, shape: [values.count]).serialized(as: type))
    return stride(from: 0, to: data.count, by: 2).map {
      UInt16(data[$0]) | UInt16(data[$0 + 1]) << 8
    }
  }

  /// What a file of these 16-bit elements is read as.
  private func widened(_ bits: [UInt16], _ type: ElementType) throws -> [Float] {
    let bytes = bits.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    return try withTemporaryFile(bytes) { url in
      try MappedFile(url).tensor(at: 0, shape: [bits.count], as: type).elements
    }
  }

  /// The value of 16 bits with the given fields, by the definition of the format; `nil` for NaN.
  private func value(_ bits: UInt16, exponentBits: Int) -> Double? {
    let fractionBits = 15 - exponentBits
    let bias = (1 << (exponentBits - 1)) - 1
    let fraction = Double(bits & (1 << UInt16(fractionBits) - 1)) / Double(1 << fractionBits)
    let exponent = Int(bits >> UInt16(fractionBits)) & (1 << exponentBits - 1)
    let sign: Double = bits >> 15 == 0 ? 1 : -1
    if exponent == 1 << exponentBits - 1 { return fraction == 0 ? sign * .infinity : nil }
    if exponent == 0 { return sign * scalbn(fraction, 1 - bias) }
    return sign * scalbn(1 + fraction, exponent - bias)
  }

  private func exponentBits(_ type: ElementType) -> Int { type == .f16 ? 5 : 8 }

  @Test(arguments: [ElementType.f16, .bf16])
  func everyPatternIsReadByTheDefinitionAndWrittenBack(type: ElementType) throws {
    let patterns = (0...UInt16.max).map { $0 }
    let values = try widened(patterns, type)
    let written = bits(values, type)
    let wrong = patterns.indices.filter { index in
      if let expected = value(patterns[index], exponentBits: exponentBits(type)) {
        return Double(values[index]) != expected || written[index] != patterns[index]
      }
      return !values[index].isNaN || value(written[index], exponentBits: exponentBits(type)) != nil
    }
    #expect(wrong.isEmpty)
  }

  /// Between neighbours a quarter goes down, three quarters go up, and the middle to the even one.
  @Test(arguments: [ElementType.f16, .bf16])
  func roundingIsToTheNearestAndTiesToEven(type: ElementType) {
    let infinity: UInt16 = type == .f16 ? 0x7c00 : 0x7f80
    var values: [Float] = []
    var expected: [UInt16] = []
    for pattern in 0..<infinity - 1 {
      guard let low = value(pattern, exponentBits: exponentBits(type)),
        let high = value(pattern + 1, exponentBits: exponentBits(type))
      else { continue }
      let even = pattern & 1 == 0 ? pattern : pattern + 1
      for (share, rounded) in [(0.25, pattern), (0.5, even), (0.75, pattern + 1)] {
        let between = low + (high - low) * share
        values += [Float(between), Float(-between)]
        expected += [rounded, rounded | 0x8000]
      }
    }
    // The smallest bfloat16 numbers are floats' own subnormals: all quarters are exact.
    #expect(zip(bits(values, type), expected).count { $0 != $1 } == 0)
  }

  @Test func extremesAreRounded() {
    let most: Float = 65504
    let values: [Float] = [
      most, 65519.996, 65520, 1e30, .infinity, -65520, 0x1p-25, 0x1.000002p-25,
    ]
    let expected: [UInt16] = [0x7bff, 0x7bff, 0x7c00, 0x7c00, 0x7c00, 0xfc00, 0, 1]
    #expect(bits(values, .f16) == expected)
    let largest = Float.greatestFiniteMagnitude
    let rounded = bits([largest, -largest, .infinity, -0.0], .bf16)
    #expect(rounded == [0x7f80, 0xff80, 0x7f80, 0x8000])
  }

  @Test(arguments: [ElementType.f16, .bf16])
  func noNumberStaysNoNumber(type: ElementType) throws {
    let quiet = Float.nan
    let odd = Float(bitPattern: 0xffff_ffff)
    let faint = Float(bitPattern: 0x7f80_0001)
    #expect(try widened(bits([quiet, odd, faint], type), type).allSatisfy(\.isNaN))
  }

  #if arch(arm64) || os(Linux)
    @Test func halvesAreTheProcessorsOwn() {
      var stream = RandomStream(6)
      let values = (0..<100_000).map { _ in
        Float(stream.normal() * exp(stream.normal() * 6))
      }
      #expect(zip(bits(values, .f16), values).count { $0 != Float16($1).bitPattern } == 0)
    }
  #endif

  @Test func floatsAreWrittenBitByBit() {
    let values: [Float] = [0, -0.0, 1, .infinity, .nan, .leastNonzeroMagnitude]
    let data = Tensor(values, shape: [2, 3]).serialized(as: .f32)
    let expected = values.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
    #expect([UInt8](data) == expected)
    #expect(ElementType.allCases.map(\.byteCount) == [4, 2, 2])
  }

  @Test(arguments: ElementType.allCases)
  func nothingTakesNoBytes(type: ElementType) {
    #expect(Tensor(zeros: 0, 5).serialized(as: type).isEmpty)
  }
}
