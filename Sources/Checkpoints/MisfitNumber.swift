// Which number in a JSON does not fit its type: Foundation says that there is one, but not where.

import Foundation

extension StrictJSON {
  /// The place and value of a number that keeps `json` from being decoded, such as 1.5 for an
  /// integer.
  ///
  /// One suspect after another becomes zero until the rest can be read; the last one was to blame.
  static func misfitNumber<T: Decodable>(_ type: T.Type, in json: Any) -> String? {
    let most = 100
    for count in 1...most {
      var zeroing = Zeroing(left: count)
      let changed = zeroing.apply(to: json, at: "")
      guard zeroing.left == 0 else { return nil }
      if canDecode(type, changed) { return zeroing.last }
    }
    return nil
  }

  private static func canDecode<T: Decodable>(_ type: T.Type, _ json: Any) -> Bool {
    guard let data = try? JSONSerialization.data(withJSONObject: json) else { return false }
    return (try? JSONDecoder().decode(type, from: data)) != nil
  }

  /// Puts zero for the first numbers that some integer type cannot hold.
  private struct Zeroing {
    var left: Int
    var last: String?

    mutating func apply(to value: Any, at place: String) -> Any {
      if var fields = value as? [String: Any] {
        for (key, field) in fields.sorted(by: { $0.key < $1.key }) {
          fields[key] = apply(to: field, at: place.isEmpty ? key : "\(place).\(key)")
        }
        return fields
      }
      if let list = value as? [Any] {
        return list.enumerated().map { apply(to: $0.element, at: "\(place)[\($0.offset)]") }
      }
      guard left > 0, let number = (value as? NSNumber)?.doubleValue,
        number < 0 || number != number.rounded() || number > Double(Int32.max)
      else { return value }
      left -= 1
      last = "\(place), \(value)"
      return 0
    }
  }
}
