import Checkpoints
import Distillation
import Foundation
import Testing

/// Options as JSON, and options that cannot be meant.
@Suite struct DistillationOptionsTests {
  @Test func jsonGoesRoundTrip() throws {
    var options = DistillationOptions()
    options.temperature = 4
    options.hiddenWeight = 1.5
    options.layerMap = .given([2, 3])
    options.channels = [0, 5, 7]
    let data = try StrictJSON.encode(options)
    #expect(try StrictJSON.decode(DistillationOptions.self, from: data, path: "options") == options)
  }

  @Test func missingKeysTakeTheirDefaults() throws {
    let data = Data(#"{"temperature": 3}"#.utf8)
    let options = try StrictJSON.decode(
      DistillationOptions.self, from: data, over: DistillationOptions(), path: "options")
    var expected = DistillationOptions()
    expected.temperature = 3
    #expect(options == expected)
  }

  @Test func unknownKeysAreRefused() {
    let data = Data(#"{"alpha": 0.5}"#.utf8)
    #expect(throws: CheckpointError.self) {
      try StrictJSON.decode(
        DistillationOptions.self, from: data, over: DistillationOptions(), path: "options")
    }
  }

  @Test func theDefaultsAreSound() throws { try DistillationOptions().validate() }

  @Test(arguments: [0, -1, 1e-9, 1e9, .nan, .infinity] as [Float])
  func temperaturesOutOfRangeAreRefused(temperature: Float) {
    var options = DistillationOptions()
    options.temperature = temperature
    let expected = DistillationError.invalidOption(
      name: "temperature", expected: "0.01 to 1000", found: "\(temperature)")
    #expect(throws: expected) { try options.validate() }
  }

  @Test(arguments: [-0.1, 1e9, .nan, .infinity] as [Float])
  func weightsOutOfRangeAreRefused(weight: Float) {
    let places: [(String, WritableKeyPath<DistillationOptions, Float>)] = [
      ("soft-weight", \.softWeight), ("hard-weight", \.hardWeight),
      ("hidden-weight", \.hiddenWeight),
    ]
    for (name, place) in places {
      var options = DistillationOptions()
      options[keyPath: place] = weight
      let expected = DistillationError.invalidOption(
        name: name, expected: "0 to 1000", found: "\(weight)")
      #expect(throws: expected) { try options.validate() }
    }
  }

  @Test func weightsThatAreAllZeroAreRefused() {
    let expected = DistillationError.invalidOption(
      name: "soft-weight, hard-weight, hidden-weight", expected: "one of them above 0",
      found: "nothing to learn from")
    #expect(throws: expected) { try Fixture.options().validate() }
  }
}
