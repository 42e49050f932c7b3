// JSON that means what it says: unknown keys are errors, missing ones take their defaults.

public import Foundation
import JSON

/// Reading and writing JSON of settings, plans and configurations.
///
/// A key that stands twice is an error too, and so is a text that is larger or nests deeper than
/// any that this package writes.
public enum StrictJSON {
  /// Settings, plans and scores take well under a megabyte; at worst Foundation needs seconds for
  /// each.
  static let largest = 4 << 20
  /// Up to this size a number that does not fit is searched for, which reads the text many times.
  private static let largestSearched = 32 << 10

  /// Decodes `data`; keys it does not have come from `defaults`, keys that are not known are
  /// errors.
  public static func decode<T: Codable>(
    _ type: T.Type, from data: Data, over defaults: T? = nil, path: String
  ) throws(CheckpointError) -> T {
    var merged: Any?
    do {
      try checkGrammar([UInt8](data), path)
      let given = try JSONSerialization.jsonObject(with: data)
      let whole = try defaults.map { overlay(given, on: try object($0)) } ?? given
      merged = whole
      let value = try JSONDecoder().decode(
        type, from: try JSONSerialization.data(withJSONObject: whole))
      try check(given, against: try object(value), at: "", path)
      return value
    } catch let error as CheckpointError {
      throw error
    } catch {
      if case DecodingError.dataCorrupted(let context) = error, context.codingPath.isEmpty,
        data.count <= largestSearched, let misfit = merged.flatMap({ misfitNumber(type, in: $0) })
      {
        throw .invalidJSON(path: path, reason: "a number does not fit its kind: \(misfit)")
      }
      throw .invalidJSON(path: path, reason: explanation(error, in: merged))
    }
  }

  /// Reads a file of JSON.
  public static func decode<T: Codable>(
    _ type: T.Type, contentsOf url: URL, over defaults: T? = nil
  ) throws(CheckpointError) -> T {
    let data = try RegularFile.contents(of: url, atMost: largest)
    return try decode(type, from: data, over: defaults, path: url.path)
  }

  /// Readable JSON with sorted keys: equal values give equal bytes.
  public static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value) + Data("\n".utf8)
  }

  /// What Foundation would pass over: duplicate keys, of which it takes any, and depth.
  private static func checkGrammar(_ bytes: [UInt8], _ path: String) throws(CheckpointError) {
    guard bytes.count <= largest else {
      throw .invalidJSON(path: path, reason: "expected at most \(largest) bytes")
    }
    var cursor = JSONCursor(bytes)
    do {
      try cursor.skip()
      try cursor.end()
    } catch {
      throw .invalidJSON(path: path, reason: "not valid JSON: \(error)")
    }
  }

  private static func object(_ value: some Encodable) throws -> Any {
    try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
  }

  private static func overlay(_ given: Any, on defaults: Any) -> Any {
    guard let given = given as? [String: Any], let defaults = defaults as? [String: Any] else {
      return given
    }
    return defaults.merging(given) { old, new in overlay(new, on: old) }
  }

  private static func check(
    _ given: Any, against known: Any, at place: String, _ path: String
  ) throws(CheckpointError) {
    if let given = given as? [String: Any], let known = known as? [String: Any] {
      for (key, value) in given.sorted(by: { $0.key < $1.key }) where !(value is NSNull) {
        let name = place.isEmpty ? key : "\(place).\(key)"
        guard let counterpart = known[key] else {
          let list = known.keys.sorted().joined(separator: ", ")
          throw .invalidJSON(
            path: path, reason: "unknown key \(name.brief); the keys here are \(list)")
        }
        try check(value, against: counterpart, at: name, path)
      }
    } else if let given = given as? [Any], let known = known as? [Any] {
      for (index, pair) in zip(given, known).enumerated() {
        try check(pair.0, against: pair.1, at: "\(place)[\(index)]", path)
      }
    }
  }
}
