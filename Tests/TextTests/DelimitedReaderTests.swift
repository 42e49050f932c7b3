import Testing
import Text

@Suite struct DelimitedReaderTests {
  @Test func tabsSeparateAndQuotesAreText() throws {
    let found = try dataset("a.tsv", "text\tlabel\n\"a\" \"\" ,b\t0\n\"open\t1\n")
    #expect(found.examples.map(\.text) == ["\"a\" \"\" ,b", "\"open"])
  }

  @Test func quotedValuesHoldCommasQuotesAndLineBreaks() throws {
    let text = "text,label\n\"a, \"\"b\"\"\r\nc\n\",1\n\"\",0\n\"\"\"\",0\nit\"s,1\n"
    let found = try dataset("a.csv", text)
    #expect(found.examples.map(\.text) == ["a, \"b\"\r\nc\n", "", "\"", "it\"s"])
    #expect(found.examples.map(\.label) == [1, 0, 0, 1])
  }

  @Test func headersMayBeQuoted() throws {
    let found = try dataset("a.csv", "\"text\",\"label\"\r\na,1\r\n")
    #expect(found.examples == [Example(text: "a", label: 0)])
  }

  @Test func emptyValuesAreText() throws {
    let found = try dataset("a.tsv", "text\tdomain\tlabel\n\t\t0\n")
    #expect(found.examples == [Example(text: "", label: 0, fields: ["domain": ""])])
  }

  @Test(arguments: ["a\t1\tx", "a", "a\t1\t"])
  func wrongNumbersOfFieldsAreToldByLine(row: String) throws {
    let found = row.filter { $0 == "\t" }.count + 1
    let (error, path) = try readingError("a.tsv", "text\tlabel\nok\t1\n\(row)\n".utf8)
    let place = TextError.Place(path: path, line: 3)
    #expect(error == .wrongFieldCount(at: place, expected: 2, found: found))
  }

  @Test func linesInsideQuotesAreCounted() throws {
    let (error, path) = try readingError("a.csv", "text,label\n\"a\n\nb\",1\nc\n".utf8)
    let place = TextError.Place(path: path, line: 5)
    #expect(error == .wrongFieldCount(at: place, expected: 2, found: 1))
  }

  @Test func unclosedQuotesAreToldWhereTheyStart() throws {
    let (error, path) = try readingError("a.csv", "text,label\na,1\n\"b,0\nc,1\nd,1\n".utf8)
    #expect(error == .unclosedQuote(at: TextError.Place(path: path, line: 3)))
  }

  @Test func textAfterClosingQuoteIsTold() throws {
    let (error, path) = try readingError("a.csv", "text,label\n\"a\nb\"c,1\n".utf8)
    #expect(error == .misplacedQuote(at: TextError.Place(path: path, line: 3)))
  }

  @Test func manyRowsAreReadInOrder() throws {
    let rows = (0..<5_000).map { "row \($0)\t\($0 % 3)" }.joined(separator: "\n")
    let found = try dataset("a.tsv", "text\tlabel\n" + rows)
    #expect(found.examples.map(\.text) == (0..<5_000).map { "row \($0)" })
    #expect(found.labelNames == ["0", "1", "2"])
  }
}
