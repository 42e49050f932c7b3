import Foundation
import Testing
import Text

@Suite struct DatasetReaderTests {
  @Test func allFormatsGiveTheSameDataset() throws {
    let expected = Dataset(
      examples: [
        Example(text: "a fine film", label: 1, fields: ["domain": "film"]),
        Example(text: "dull", label: 0, fields: ["domain": "book"]),
      ], labelNames: ["negative", "positive"])
    let files = [
      "a.tsv": "label\ttext\tdomain\npositive\ta fine film\tfilm\nnegative\tdull\tbook\n",
      "a.csv": "text,domain,label\na fine film,film,positive\n\"dull\",book,negative",
      "a.jsonl": """
      {"text": "a fine film", "label": "positive", "domain": "film"}
      {"label": "negative", "domain": "book", "text": "dull"}
      """,
      "a.NDJSON": """
      {"text": "a fine film", "label": "positive", "domain": "film"}

      {"label": "negative", "domain": "book", "text": "dull"}
      """,
    ]
    for (name, text) in files { #expect(try dataset(name, text) == expected, "\(name)") }
  }

  @Test(arguments: ["a.tsv", "a.csv"])
  func byteOrderMarkAndCarriageReturnsAreAccepted(name: String) throws {
    let separator = name.hasSuffix("tsv") ? "\t" : ","
    let rows = ["text,label", "good,1", "bad,0", ""].map {
      $0.replacing(",", with: separator)
    }
    let found = try dataset(name, "\u{FEFF}" + rows.joined(separator: "\r\n"))
    #expect(found.examples.map(\.text) == ["good", "bad"])
    #expect(found.examples.map(\.label) == [1, 0])
  }

  @Test func lastLineNeedsNoBreak() throws {
    #expect(try dataset("a.tsv", "text\tlabel\na\t0\nb\t1").examples.count == 2)
  }

  @Test func blankLinesArePassedOverExceptInOneColumn() throws {
    #expect(try dataset("a.tsv", "\ntext\tlabel\n\na\t0\n\n\nb\t1\n\n").examples.count == 2)
    let one = try dataset("a.tsv", "text\na\n\nb\n", columns: ColumnSelection(requiresLabel: false))
    #expect(one.examples.map(\.text) == ["a", "", "b"])
  }

  @Test func missingFilesAreTold() {
    #expect(throws: TextError.missingFile(path: "/no/such.tsv")) {
      try Dataset(contentsOf: URL(filePath: "/no/such.tsv"))
    }
  }

  @Test func foldersAreUnreadable() throws {
    try withFile(named: "inside", []) { file in
      let folder = file.deletingLastPathComponent().appending(path: "folder.tsv")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let error = #expect(throws: TextError.self) { try Dataset(contentsOf: folder) }
      #expect(error?.description.hasPrefix("\(folder.path): cannot be read") == true)
    }
  }

  @Test func unknownFormatsNameTheKnownOnes() throws {
    let (error, path) = try readingError("a.parquet", "x".utf8)
    #expect(error == .unknownFormat(path: path, known: ["tsv", "csv", "jsonl", "ndjson"]))
    #expect(try #require(error).description.contains(".tsv, .csv, .jsonl or .ndjson"))
  }

  @Test(arguments: ["", "\u{FEFF}", "\n \r\n"], ["a.tsv", "a.csv", "a.jsonl"])
  func emptyFilesAreTold(text: String, name: String) throws {
    let (error, path) = try readingError(name, text.utf8)
    #expect(error == .emptyFile(path: path))
  }

  @Test(arguments: ["a.tsv", "a.csv"])
  func headerAloneHasNoRows(name: String) throws {
    let (error, path) = try readingError(name, "text\n".utf8)
    #expect(error == .noRows(path: path))
  }

  @Test(arguments: ["a.tsv", "a.csv", "a.jsonl"])
  func invalidUTF8IsToldByLine(name: String) throws {
    let starts = [
      "a.tsv": "text\tlabel\nok\t1\n", "a.csv": "text,label\nok,1\n",
      "a.jsonl": "{\"text\":\"ok\",\"label\":1}\n\n",
    ]
    let (error, path) = try readingError(
      name, Array(try #require(starts[name]).utf8) + [0x62, 0xFF, 0x62, 0x0A])
    #expect(error == .invalidUTF8(at: TextError.Place(path: path, line: 3)))
  }

  @Test(arguments: ["a.tsv", "a.csv", "a.jsonl"])
  func nulBytesAreToldByLine(name: String) throws {
    let (error, path) = try readingError(name, "text\tlabel\na\u{0}b\t1\n".utf8)
    #expect(error == .nulByte(at: TextError.Place(path: path, line: 2)))
  }

  @Test func longLinesAreReadAndOverlongOnesTold() throws {
    let text = "text\tlabel\n" + String(repeating: "word ", count: 200_000) + "\t1\n"
    #expect(try dataset("a.tsv", text).examples.map(\.text.utf8.count) == [1_000_000])
    let (error, path) = try readingError("a.tsv", text.utf8, maximumLineLength: 1_000)
    let place = TextError.Place(path: path, line: 2)
    #expect(error == .lineTooLong(at: place, byteCount: 1_000_002, maximum: 1_000))
  }
}
