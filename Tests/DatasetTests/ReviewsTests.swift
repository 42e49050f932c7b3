// The review corpus in Datasets/reviews: sizes, columns, labels, and that no row is in two splits.

import Foundation
import Testing
import Text

@Suite struct ReviewsTests {
  @Test(arguments: Part.allCases)
  func columnsAreThoseOfTheCard(part: Part) throws {
    let text = try String(contentsOf: part.url, encoding: .utf8)
    let header = text.prefix { !$0.isNewline }.split(separator: "\t").map(String.init)
    let columns = ["label", "text", "domain", "slice", "source"]
    #expect(header == (part == .robustness ? columns + ["variant", "row"] : columns))
  }

  @Test(arguments: Part.allCases)
  func everyLabelIsNegativeOrPositive(part: Part) throws {
    let dataset = try reviews.get()[part]
    #expect(dataset.labelNames == ["negative", "positive"])
    #expect(dataset.examples.allSatisfy { $0.label != nil })
  }

  @Test(arguments: Part.allCases)
  func labelsAreBalancedWithinTwoPoints(part: Part) throws {
    let examples = try reviews.get()[part].examples
    let positives = examples.count { $0.label == 1 }
    #expect(abs(Double(positives) / Double(examples.count) - 0.5) <= 0.02)
  }

  @Test func sizesAreThoseOfTheCard() throws {
    let reviews = try reviews.get()
    #expect(reviews[.test].examples.count == 1_200)
    #expect(reviews[.dev].examples.count == 600)
    let sources = counts("source", in: reviews[.train])
    #expect(sources["written", default: 0] >= 4_000)
    #expect(sources["composed", default: 0] <= 12_000)
  }

  @Test(arguments: Part.allCases)
  func onlyTrainHasComposedRows(part: Part) throws {
    let sources = Set(counts("source", in: try reviews.get()[part]).keys)
    #expect(sources.isSubset(of: part == .train ? ["written", "composed"] : ["written"]))
  }

  @Test func twoOfTenDomainsAreOnlyInTest() throws {
    let reviews = try reviews.get()
    for part in Part.splits {
      let found = counts("domain", in: reviews[part])
      #expect(Set(found.keys) == (part == .test ? domains : domains.subtracting(shiftedDomains)))
      if part == .test { #expect(found.values.allSatisfy { $0 == 120 }, "\(found)") }
    }
  }

  @Test func everySliceHasEightyRowsInTest() throws {
    let reviews = try reviews.get()
    let slicesOfTest = counts("slice", in: reviews[.test])
    #expect(slicesOfTest.values.allSatisfy { $0 >= 80 }, "\(slicesOfTest)")
    for part in Part.allCases {
      #expect(Set(counts("slice", in: reviews[part]).keys) == slices, "\(part)")
    }
  }

  @Test func noTwoRowsHaveTheSameWords() throws {
    let reviews = try reviews.get()
    var seen: Set<[Substring]> = []
    for part in Part.splits {
      for example in reviews[part].examples {
        #expect(seen.insert(words(of: example.text)).inserted, "\(part): \(example.text)")
      }
    }
  }

  @Test func noEightWordsInARowAreInTwoSplits() throws {
    let reviews = try reviews.get()
    let heldOut = [Part.test, .dev].map { part in
      Set(reviews[part].examples.flatMap { runsOfEight(in: words(of: $0.text)) })
    }
    #expect(heldOut[0].isDisjoint(with: heldOut[1]))
    for example in reviews[.train].examples {
      let runs = runsOfEight(in: words(of: example.text))
      let isShared = runs.contains { heldOut[0].contains($0) || heldOut[1].contains($0) }
      #expect(!isShared, "\(example.text)")
    }
  }

  @Test func robustnessRowsKeepAllButTheTextOfTheirTestRow() throws {
    let reviews = try reviews.get()
    let test = reviews[.test].examples
    var seen: [String: Set<Int>] = [:]
    for example in reviews[.robustness].examples {
      let variant = try #require(example.fields["variant"])
      let row = try #require(example.fields["row"].flatMap { Int($0) })
      try #require(test.indices.contains(row))
      #expect(example.label == test[row].label)
      #expect(example.fields.filter { test[row].fields.keys.contains($0.key) } == test[row].fields)
      #expect(example.text != test[row].text)
      #expect(seen[variant, default: []].insert(row).inserted)
    }
    let everyRow = Set(test.indices)
    #expect(seen == ["typos": everyRow, "casing": everyRow, "punctuation": everyRow])
  }
}

private let shiftedDomains: Set = ["repairs", "courses"]
private let domains: Set = [
  "films", "books", "restaurants", "hotels", "electronics", "apps", "travel", "clothing", "repairs",
  "courses",
]
private let slices: Set = [
  "negation", "contrast", "mixed", "intensity", "comparison", "expectation", "irony", "plain",
]

/// A file of the corpus.
enum Part: String, CaseIterable {
  case train, dev, test, robustness

  static let splits: [Part] = [.train, .dev, .test]

  var url: URL {
    URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Datasets/reviews/\(rawValue).tsv").standardizedFileURL
  }
}

/// The whole corpus: read once for all tests.
private let reviews = Result { () throws(TextError) in
  var parts: [Part: Dataset] = [:]
  for part in Part.allCases { parts[part] = try Dataset(contentsOf: part.url) }
  return Reviews(parts: parts)
}

private struct Reviews {
  let parts: [Part: Dataset]

  subscript(part: Part) -> Dataset { parts[part] ?? Dataset(examples: [], labelNames: []) }
}

/// How many examples have each value of a field.
private func counts(_ field: String, in dataset: Dataset) -> [String: Int] {
  dataset.examples.reduce(into: [:]) { $0[$1.fields[field] ?? "", default: 0] += 1 }
}

/// The words in lower case, without what stands between them.
private func words(of text: String) -> [Substring] {
  let lowercased = text.lowercased()
  let words = lowercased.utf8.split { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "'"):
      false
    default: true
    }
  }
  return words.map { Substring($0) }
}

/// Each run of eight words.
private func runsOfEight(in words: [Substring]) -> [ArraySlice<Substring>] {
  words.indices.dropLast(7).map { words[$0..<($0 + 8)] }
}
