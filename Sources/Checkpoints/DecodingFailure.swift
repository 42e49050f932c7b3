// Why a JSON cannot be decoded, in words: Foundation names the place, but not what was found there.

import Foundation
import JSON

extension StrictJSON {
  /// What is wrong with `json`, with its place, what was expected there and what was found.
  static func explanation(_ error: any Error, in json: Any?) -> String {
    switch error as? DecodingError {
    case .keyNotFound(let key, let context):
      return "expected the key \(key.stringValue) at \(place(context)), found none"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      return "expected \(type) at \(place(context)), found \(found(context, in: json))"
    case .dataCorrupted(let context):
      return "not valid at \(place(context)): found \(found(context, in: json))"
    default: return "not valid JSON"
    }
  }

  private static func place(_ context: DecodingError.Context) -> String {
    let keys = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
    return keys.isEmpty ? "the top" : keys.joined(separator: ".")
  }

  private static func found(_ context: DecodingError.Context, in json: Any?) -> String {
    var value = json
    for key in context.codingPath {
      if let fields = value as? [String: Any] {
        value = fields[key.stringValue]
      } else if let list = value as? [Any], let index = key.intValue, list.indices.contains(index) {
        value = list[index]
      } else {
        value = nil
      }
    }
    switch value {
    case let text as String: return "\"\(text.brief)\""
    case is [String: Any]: return "an object"
    case is [Any]: return "an array"
    case is NSNull: return "null"
    case let number as NSNumber: return "\(number)"
    default: return "something else"
    }
  }
}
