// config.json of another project, key by key.

import Checkpoints

/// The fields of a configuration file, and which of them have been looked at.
struct ForeignConfiguration {
  /// The file, for messages.
  let path: String
  private let fields: [String: JSONValue]
  private var seen: Set<String> = []

  init(_ fields: [String: JSONValue], path: String) {
    self.fields = fields
    self.path = path
  }

  /// The keys that were never asked for.
  var unseenKeys: [String] { fields.keys.filter { !seen.contains($0) }.sorted() }

  func refusal(_ key: String, _ expected: String, _ found: JSONValue?) -> CheckpointError {
    let found = found.map(\.description) ?? "none"
    return .invalidJSON(path: path, reason: "\(key): expected \(expected), found \(found)")
  }

  /// The value of a key; `nil` where it is missing or null.
  mutating func value(_ key: String) -> JSONValue? {
    seen.insert(key)
    return fields[key] == .null ? nil : fields[key]
  }

  /// Marks keys as read whose values change nothing here.
  mutating func passOver(_ keys: [String]) { seen.formUnion(keys) }

  mutating func integer(
    _ key: String, in range: ClosedRange<Int>, default standard: Int? = nil
  ) throws(CheckpointError) -> Int {
    let value = value(key)
    if value == nil, let standard { return standard }
    guard case .integer(let number) = value, range.contains(number) else {
      throw refusal(key, "a whole number from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return number
  }

  mutating func number(
    _ key: String, in range: Range<Double>, default standard: Double
  ) throws(CheckpointError) -> Double {
    let value = value(key)
    switch value {
    case nil: return standard
    case .integer(let number) where range.contains(Double(number)): return Double(number)
    case .number(let number) where range.contains(number): return number
    default:
      throw refusal(
        key, "a number from \(range.lowerBound) to less than \(range.upperBound)", value)
    }
  }

  /// Throws unless the key is missing, null or one of `accepted`.
  mutating func require(_ key: String, _ accepted: JSONValue...) throws(CheckpointError) {
    guard let value = value(key), !accepted.contains(value) else { return }
    throw refusal(key, accepted.map(\.description).joined(separator: " or "), value)
  }
}
