import Testing
import Text

@Suite struct ColumnSelectionTests {
  @Test(arguments: ["text", "Sentence", "review", "text_a"], ["label", "sentiment", "CLASS"])
  func usualColumnsAreFound(text: String, label: String) throws {
    let found = try dataset("a.tsv", "id\t\(label)\t\(text)\n9\tgood\tfine\n")
    #expect(found.examples == [Example(text: "fine", label: 0, fields: ["id": "9"])])
  }

  @Test(arguments: [("text_a", "text_b"), ("sentence1", "sentence2"), ("text", "text2")])
  func usualPairsAreFound(first: String, second: String) throws {
    let found = try dataset("a.csv", "\(first),\(second),label\none,two,1\n")
    #expect(found.examples == [Example(text: "one", secondText: "two", label: 0)])
  }

  @Test func namedColumnsAreTakenInsteadOfUsualOnes() throws {
    let columns = ColumnSelection(text: "body", secondText: "text", label: "stars")
    let found = try dataset("a.csv", "text,label,body,stars\nt,l,b,5\n", columns: columns)
    #expect(
      found.examples == [Example(text: "b", secondText: "t", label: 0, fields: ["label": "l"])])
    #expect(found.labelNames == ["5"])
  }

  @Test func missingColumnsTellWhichThereAre() throws {
    let (error, path) = try readingError("a.csv", "body,stars\nb,5\n".utf8)
    let accepted = ["text", "sentence", "review", "text_a", "text1", "sentence1"]
    let columns = ["body", "stars"]
    #expect(
      error == .missingColumn(path: path, role: .text, accepted: accepted, columns: columns))
    #expect(try #require(error).description.contains("found body and stars"))
  }

  @Test func missingNamedColumnsAreTold() throws {
    let cases: [(TextError.ColumnRole, ColumnSelection)] = [
      (.text, ColumnSelection(text: "x")), (.secondText, ColumnSelection(secondText: "x")),
      (.label, ColumnSelection(label: "x", requiresLabel: false)),
    ]
    for (role, columns) in cases {
      let (error, path) = try readingError("a.csv", "text,label\na,1\n".utf8, columns: columns)
      #expect(
        error
          == .missingColumn(path: path, role: role, accepted: ["x"], columns: ["text", "label"]))
    }
  }

  @Test func labelIsRequiredUnlessToPredict() throws {
    let (error, path) = try readingError("a.csv", "text\na\n".utf8)
    #expect(
      error
        == .missingColumn(
          path: path, role: .label, accepted: ["label", "sentiment", "class"], columns: ["text"]))
    let found = try dataset("a.csv", "text\na\n", columns: ColumnSelection(requiresLabel: false))
    #expect(found == Dataset(examples: [Example(text: "a")], labelNames: []))
  }

  @Test func repeatedColumnsAreTold() throws {
    let (error, path) = try readingError("a.csv", "text,label,text\na,1,b\n".utf8)
    #expect(error == .repeatedColumn(path: path, column: "text"))
  }
}
