// The file formats of datasets.

import Foundation

/// How a file holds a table; known by the file's extension.
enum DatasetFormat: CaseIterable {
  case tabSeparated, commaSeparated, jsonLines

  var fileExtensions: [String] {
    switch self {
    case .tabSeparated: ["tsv"]
    case .commaSeparated: ["csv"]
    case .jsonLines: ["jsonl", "ndjson"]
    }
  }

  init(of url: URL) throws(TextError) {
    let found = url.pathExtension.lowercased()
    guard let format = Self.allCases.first(where: { $0.fileExtensions.contains(found) }) else {
      throw .unknownFormat(path: url.path, known: Self.allCases.flatMap(\.fileExtensions))
    }
    self = format
  }

  func read(_ file: TextFile) throws(TextError) -> Table {
    switch self {
    case .tabSeparated: try DelimitedReader(file, separator: 0x09, allowsQuotes: false).read()
    case .commaSeparated: try DelimitedReader(file, separator: 0x2C, allowsQuotes: true).read()
    case .jsonLines: try JSONLinesReader(file: file).read()
    }
  }
}
