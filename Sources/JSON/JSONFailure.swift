// Why bytes are no JSON, or none that is read here.

/// What is wrong, and where. The modules that read files turn it into errors of their own.
public struct JSONFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The place, counted from 0.
  public let byte: Int
  /// What is wrong there.
  public let reason: String
  /// The key, where what is wrong is that it stands twice in one object.
  public let repeatedKey: String?

  /// What is wrong at a byte.
  public init(byte: Int, reason: String) {
    self.byte = byte
    self.reason = reason
    repeatedKey = nil
  }

  init(byte: Int, repeatedKey: String) {
    self.byte = byte
    self.repeatedKey = repeatedKey
    reason = "the key \(repeatedKey.brief) stands twice"
  }

  /// The reason with its place.
  public var description: String { "\(reason), at byte \(byte)" }
}
