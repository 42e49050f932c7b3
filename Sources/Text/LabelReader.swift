// From the labels of a file to indices.

/// Knows the names of labels and their order.
struct LabelReader {
  struct Label {
    var name: String
    var place: TextError.Place
  }

  let names: [String]
  private let indices: [String: Int]
  private let acceptsIndices: Bool

  /// The names given, or else those among the labels, sorted.
  init(names given: [String]?, labels: [Label?]) {
    if let given {
      names = given
      acceptsIndices = given.contains { Int($0) == nil }
    } else {
      var distinct: Set<String> = []
      for label in labels {
        if let label { distinct.insert(label.name) }
      }
      names = Self.sorted(distinct)
      acceptsIndices = false
    }
    indices = Dictionary(
      names.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
  }

  func index(of label: Label, isRequired: Bool) throws(TextError) -> Int? {
    if let index = indices[label.name] { return index }
    if acceptsIndices, let index = Int(label.name), names.indices.contains(index) { return index }
    if isRequired { throw .unknownLabel(at: label.place, label: label.name, expected: names) }
    return nil
  }

  /// As numbers if all are integers, else by Unicode scalars, whatever the language of the user.
  private static func sorted(_ names: Set<String>) -> [String] {
    let numbered = names.compactMap { name in Int(name).map { (number: $0, name: name) } }
    guard numbered.count == names.count else { return names.sorted() }
    return numbered.sorted { ($0.number, $0.name) < ($1.number, $1.name) }.map(\.name)
  }
}
