// From a file to a dataset.

public import Foundation

extension Dataset {
  /// The greatest number of bytes of a line that is read by default: 16 MB.
  public static let maximumLineLength = 16 << 20

  /// Reads a file of tab-separated values (`.tsv`), comma-separated values (`.csv`) or JSON Lines
  /// (`.jsonl`, `.ndjson`).
  ///
  /// Tables have a header. Values between tabs are taken as they stand; those between commas may be
  /// quoted (RFC 4180). A byte order mark and CRLF are accepted; blank lines are passed over,
  /// except in a table of one column, where they are empty texts. Nested JSON values and nulls in
  /// other columns are left out.
  ///
  /// Labels are names. Without `labelNames` they are those of the file, sorted: as numbers if all
  /// are integers, else by Unicode order. With `labelNames`, as of a model, a label must be one of
  /// them, or be the index of one if the names are not all integers themselves.
  ///
  ///     let data = try Dataset(contentsOf: URL(filePath: "reviews.csv"))
  public init(
    contentsOf url: URL, columns selection: ColumnSelection = ColumnSelection(),
    labelNames: [String]? = nil, maximumLineLength: Int = Dataset.maximumLineLength
  ) throws(TextError) {
    let format = try DatasetFormat(of: url)
    let file = try TextFile(contentsOf: url, maximumLineLength: maximumLineLength)
    let table = try format.read(file)
    guard !table.rows.isEmpty else { throw .noRows(path: file.path) }
    let columns = try selection.indices(in: table.columns, path: file.path)

    var examples: [Example] = []
    examples.reserveCapacity(table.rows.count)
    var labels: [LabelReader.Label?] = []
    for row in table.rows {
      let place = TextError.Place(path: file.path, line: row.line)
      func text(_ column: Int) throws(TextError) -> String {
        try row.text(column, named: table.columns[column], at: place)
      }
      var example = Example(text: try text(columns.text))
      if let second = columns.secondText { example.secondText = try text(second) }
      if let column = columns.label {
        let name = try row.label(
          column, named: table.columns[column], at: place, isRequired: selection.requiresLabel)
        labels.append(name.map { LabelReader.Label(name: $0, place: place) })
      }
      if !columns.others.isEmpty {
        for column in columns.others {
          example.fields[table.columns[column]] = row.value(column).fieldText
        }
      }
      examples.append(example)
    }

    let reader = LabelReader(names: labelNames, labels: labels)
    for (index, label) in labels.enumerated() {
      guard let label else { continue }
      examples[index].label = try reader.index(of: label, isRequired: selection.requiresLabel)
    }
    self.init(examples: examples, labelNames: reader.names)
  }
}
