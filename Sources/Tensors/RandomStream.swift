// Random numbers as a function of where they are used.

import Foundation

/// A stream of random numbers that follows from its key alone: no state is shared, none is global.
///
/// Numbers are SplitMix64's (Steele, Lea & Flood, 2014) from a start that mixes the key's words.
public struct RandomStream: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The stream for a place, such as a seed, a purpose and an epoch.
  public init(_ key: UInt64...) {
    state = 0
    for word in key { state = Self.mix(state ^ word) &+ 0x9e37_79b9_7f4a_7c15 }
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Self.mix(state)
  }

  /// A number uniform in [0, 1).
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number from the standard normal distribution (Box & Muller, 1958).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// The indices 0 ..< count in random order (Fisher & Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    order.shuffle(using: &self)
    return order
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}

extension Tensor {
  /// Normal random elements of the given deviation, truncated at two deviations as BERT's are
  /// (Devlin et al., 2019, in the released code).
  public init(normal deviation: Float, shape: [Int], from stream: inout RandomStream) {
    self.init(uninitialized: shape)
    for i in 0..<count {
      var value = stream.normal()
      while abs(value) > 2 { value = stream.normal() }
      storage.pointer[i] = Float(value) * deviation
    }
  }
}
