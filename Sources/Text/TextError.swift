// What can go wrong with text, and how it is told.

/// A file, a tokenizer or an option that cannot be used as it is.
public enum TextError: Error, Equatable, Sendable {
  /// A line of a file; lines count from 1.
  public struct Place: Equatable, Sendable, CustomStringConvertible {
    /// The file's path.
    public var path: String
    /// The line's number.
    public var line: Int

    /// A line of a file.
    public init(path: String, line: Int) {
      self.path = path
      self.line = line
    }

    /// The path and the line's number, in the form that editors open.
    public var description: String { "\(path):\(line)" }
  }

  /// What a column of a file can be.
  public enum ColumnRole: String, Sendable {
    /// The text, or the first of a pair.
    case text
    /// The second text of a pair.
    case secondText = "second text"
    /// The label.
    case label
  }

  // Files.
  /// There is no such file.
  case missingFile(path: String)
  /// The file is there, but the system does not let it be read.
  case unreadableFile(path: String, reason: String)
  /// The file's name does not end in that of a known format.
  case unknownFormat(path: String, known: [String])
  /// The file has nothing but white space.
  case emptyFile(path: String)
  /// The file has a header alone.
  case noRows(path: String)

  /// The file has more bytes than are read.
  case fileTooLarge(path: String, byteCount: Int, maximum: Int)

  // Columns.
  /// None of the columns has an accepted name.
  case missingColumn(path: String, role: ColumnRole, accepted: [String], columns: [String])
  /// Two columns have the same name.
  case repeatedColumn(path: String, column: String)

  // Lines.
  /// A row has more or fewer fields than the header.
  case wrongFieldCount(at: Place, expected: Int, found: Int)
  /// A quoted value starts here and never ends.
  case unclosedQuote(at: Place)
  /// A quoted value ends, and neither a separator nor a line break follows.
  case misplacedQuote(at: Place)
  /// Bytes that are not UTF-8.
  case invalidUTF8(at: Place)
  /// A zero byte, as in UTF-16 or binary files.
  case nulByte(at: Place)
  /// A line has more bytes than are read.
  case lineTooLong(at: Place, byteCount: Int, maximum: Int)
  /// A line is not a JSON object.
  case invalidJSON(at: Place, reason: String)
  /// A JSON value is of the wrong type.
  case wrongType(at: Place, column: String, expected: String, found: String)
  /// A row lacks a value that it needs.
  case missingValue(at: Place, column: String)
  /// A label is not among those that the model knows.
  case unknownLabel(at: Place, label: String, expected: [String])

  // Tokenizers.
  /// The bytes are not a SentencePiece model.
  case unreadableModel(reason: String)
  /// The model lacks a special piece.
  case missingPiece(accepted: [String])
  /// The library could not segment the text.
  case encodingFailed(reason: String)
  /// The model gives no probabilities to sample with.
  case samplingUnsupported
  /// The maximum length has no room for the special pieces.
  case lengthTooShort(maximumLength: Int, minimum: Int)
  /// Only one text may be truncated, and it has too little to lose.
  case untruncatable(strategy: Truncation.Strategy, isPair: Bool, maximumLength: Int)

  /// The folder has none of the files that a tokenizer is in.
  case noTokenizer(folder: String, expected: [String])
  /// A file of settings is not JSON from this byte on.
  case malformedJSON(path: String, byte: Int, reason: String)
  /// A setting that would change ids, or that ids depend on, is not one that is known here.
  case unsupportedSetting(path: String, name: String, expected: String, found: String)
  /// The vocabulary has the same piece twice.
  case repeatedPiece(path: String, piece: String, ids: [Int])
  /// The vocabulary has a piece without text.
  case emptyPiece(path: String, id: Int)
  /// Ids are not all the numbers from 0.
  case vocabularyGap(path: String, id: Int, pieceCount: Int)
  /// The vocabulary lacks a token that the settings name.
  case missingSpecialToken(path: String, role: String, token: String)
  /// The tokenizer is of a kind that pieces cannot be taken from.
  case irreducible(tokenizer: String)

  // Training of tokenizers.
  /// An option is out of range.
  case invalidOption(name: String, value: String, expected: String)
  /// The sentences have no word in them.
  case emptyCorpus
  /// The sentences do not give so many pieces.
  case vocabularyTooLarge(requested: Int, largest: Int)
  /// So few pieces do not cover the characters of the sentences.
  case vocabularyTooSmall(requested: Int, smallest: Int)
  /// The library could not train.
  case trainingFailed(reason: String)
}

extension TextError: CustomStringConvertible {
  /// What is wrong, where, what was expected and found, and what may help.
  public var description: String {
    switch self {
    case .missingFile(let path):
      "\(path): no such file"
    case .unreadableFile(let path, let reason):
      "\(path): cannot be read: \(reason)"
    case .unknownFormat(let path, let known):
      "\(path): unknown format; expected a name that ends in \(list(known.map { "." + $0 }))"
    case .emptyFile(let path):
      "\(path): the file is empty"
    case .noRows(let path):
      "\(path): no rows after the header; the first line names the columns"
    case .fileTooLarge(let path, let byteCount, let maximum):
      "\(path): the file is too large; expected at most \(maximum) bytes, found \(byteCount)"
    case .missingColumn(let path, let role, let accepted, let columns):
      "\(path): no column for the \(role.rawValue); expected \(list(accepted)), "
        + "found \(list(columns, "and")); the first line names the columns"
    case .repeatedColumn(let path, let column):
      "\(path): two columns are named “\(column)”; expected different names"
    case .wrongFieldCount(let place, let expected, let found):
      "\(place): wrong number of fields; expected \(expected) as in the header, found \(found)"
    case .unclosedQuote(let place):
      "\(place): a quoted value starts here and does not end; write a quote inside it twice"
    case .misplacedQuote(let place):
      "\(place): text after a closing quote; expected a comma or the end of the line; "
        + "write a quote inside a quoted value twice"
    case .invalidUTF8(let place):
      "\(place): not UTF-8; save the file in that encoding"
    case .nulByte(let place):
      "\(place): a NUL byte; expected UTF-8 text; UTF-16 files must be converted"
    case .lineTooLong(let place, let byteCount, let maximum):
      "\(place): the line is too long; expected at most \(maximum) bytes, found \(byteCount)"
    case .invalidJSON(let place, let reason):
      "\(place): not JSON; expected one object a line: \(reason)"
    case .wrongType(let place, let column, let expected, let found):
      "\(place): wrong type of “\(column)”; expected \(expected), found \(found)"
    case .missingValue(let place, let column):
      "\(place): no value of “\(column)”"
    case .unknownLabel(let place, let label, let expected):
      "\(place): unknown label “\(label)”; expected \(list(expected))"
    case .unreadableModel(let reason):
      "not a SentencePiece model: \(reason)"
    case .missingPiece(let accepted):
      "the tokenizer lacks a special piece; expected one named \(list(accepted))"
    case .encodingFailed(let reason):
      "the text cannot be tokenized: \(reason)"
    case .samplingUnsupported:
      "this tokenizer cannot sample segmentations; expected a unigram model, found byte pairs"
    case .lengthTooShort(let maximumLength, let minimum):
      "the maximum length is too short for the special tokens; "
        + "expected at least \(minimum), found \(maximumLength)"
    case .untruncatable(let strategy, let isPair, let maximumLength):
      "a sequence of more than \(maximumLength) tokens cannot be truncated as the tokenizer's "
        + "settings say (\(strategy.rawValue)): expected "
        + (isPair
          ? "the other text to leave room for a token, found none; shorten that text, or raise "
          : "a pair of texts, found one; shorten the text, or raise ") + "the maximum length"
    case .noTokenizer(let folder, let expected):
      "\(folder): no tokenizer; expected one of \(list(expected)) in the folder"
    case .malformedJSON(let path, let byte, let reason):
      "\(path): not JSON at byte \(byte): \(reason)"
    case .unsupportedSetting(let path, let name, let expected, let found):
      "\(path): \(name) is not supported as it is; expected \(expected), found \(found)"
    case .repeatedPiece(let path, let piece, let ids):
      "\(path): the piece “\(piece)” is there more than once; expected one id, found "
        + list(ids.map { "\($0)" }, "and")
    case .emptyPiece(let path, let id):
      "\(path): the piece of id \(id) is empty; expected some text; remove empty lines"
    case .vocabularyGap(let path, let id, let pieceCount):
      "\(path): no piece has the id \(id); expected all ids below the number of pieces, "
        + "\(pieceCount), each once"
    case .missingSpecialToken(let path, let role, let token):
      "\(path): the vocabulary lacks the \(role) token; expected “\(token)”"
    case .irreducible(let tokenizer):
      "no pieces can be taken from this tokenizer; expected SentencePiece or WordPiece, "
        + "or one that conforms to ReducibleTokenizer, found \(tokenizer)"
    case .invalidOption(let name, let value, let expected):
      "\(name) is out of range; expected \(expected), found \(value)"
    case .emptyCorpus:
      "there is no word to learn a vocabulary from"
    case .vocabularyTooLarge(let requested, let largest):
      "a vocabulary of \(requested) pieces is too large for this text; "
        + "the largest possible is \(largest)"
    case .vocabularyTooSmall(let requested, let smallest):
      "a vocabulary of \(requested) pieces is too small for the characters of this text; "
        + "the smallest possible is \(smallest), or less with a lower character coverage"
    case .trainingFailed(let reason):
      "the tokenizer cannot be trained: \(reason)"
    }
  }

  /// Names as a reader wants them: not more than a dozen.
  private func list(_ names: [String], _ conjunction: String = "or") -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "none" }
    guard names.count <= 12 else {
      return names.prefix(10).joined(separator: ", ") + " \(conjunction) \(names.count - 10) more"
    }
    return names.dropLast().joined(separator: ", ") + " \(conjunction) " + last
  }
}
