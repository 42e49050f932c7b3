import Tensors
import TestSupport
import Testing

@Suite struct DropoutTests {
  private let device = Device(threads: 2)

  private func factors(_ dropout: Dropout, count: Int) -> [Float] {
    var x = Tensor(repeating: 1, shape: [count])
    device.applyDropout(dropout, to: &x)
    return x.elements
  }

  @Test(arguments: [Float(0.1), 0.3, 0.5, 0.9], [UInt64(0), 1, 0xffff_ffff_0000_0001])
  func rateIsTheProbabilityAndTheRestIsScaled(probability: Float, key: UInt64) {
    let count = 200_000
    let found = factors(Dropout(probability: probability, key: key), count: count)
    let dropped = Double(found.count { $0 == 0 }) / Double(count)
    // Six standard deviations of a binomial share: one false alarm in a billion.
    let deviation = (Double(probability * (1 - probability)) / Double(count)).squareRoot()
    #expect(abs(dropped - Double(probability)) < 6 * deviation)
    #expect(Set(found) == [0, 1 / (1 - probability)])
  }

  @Test func sameKeyGivesTheSameMaskAndAnotherAnother() {
    let mask = factors(Dropout(probability: 0.5, key: 7), count: 40_000)
    #expect(factors(Dropout(probability: 0.5, key: 7), count: 40_000) == mask)
    let other = factors(Dropout(probability: 0.5, key: 8), count: 40_000)
    let agreeing = zip(mask, other).count { $0 == $1 }
    // Independent masks agree on half of 40,000 elements, give or take 600 (six deviations).
    #expect(abs(agreeing - 20_000) < 600)
  }

  @Test func maskDoesNotRepeatAlongTheElements() {
    let mask = factors(Dropout(probability: 0.5, key: 3), count: 40_000)
    for distance in [1, 2, 16, 64, 384, 1024, 16_384] {
      let pairs = mask.count - distance
      let agreeing = zip(mask, mask.dropFirst(distance)).count { $0 == $1 }
      let deviation = Double(pairs).squareRoot() / 2
      #expect(abs(Double(agreeing) - Double(pairs) / 2) < 6 * deviation, "distance \(distance)")
    }
  }

  @Test func noDropoutLeavesAll() {
    #expect(!Dropout.none.isActive)
    #expect(factors(.none, count: 100) == Array(repeating: 1, count: 100))
    #expect(factors(Dropout(probability: 0, key: 9), count: 3) == [1, 1, 1])
    #expect(factors(Dropout(probability: 0.5, key: 9), count: 0) == [])
  }
}
