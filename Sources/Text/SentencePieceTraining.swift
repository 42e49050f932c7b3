// Training a SentencePiece model on sentences.

import CSentencePiece
import Foundation

extension SentencePieceTokenizer {
  /// Learns a vocabulary from sentences.
  ///
  /// The special pieces are `[PAD]` 0, `[UNK]` 1, `[CLS]` 2, `[SEP]` 3 and `[MASK]` 4; text never
  /// gives them. Equal sentences and options give equal bytes from the same version of the library,
  /// for any number of processors: it trains on one thread.
  public static func train(
    on sentences: some Sequence<String>, options: SentencePieceOptions = SentencePieceOptions()
  ) throws(TextError) -> SentencePieceTokenizer {
    try options.validate()
    var corpus = Corpus()
    for sentence in sentences { corpus.append(sentence) }
    guard corpus.hasWord else { throw .emptyCorpus }
    return try SentencePieceTokenizer(serialized: corpus.train(options))
  }
}

/// Sentences end to end, as the library wants them.
private struct Corpus {
  /// The library skips sentences of more than 4,192 bytes without a word, so they are cut.
  static let maximumSentenceLength = 4_096

  var bytes: [UInt8] = []
  var ends: [Int] = []
  /// Whether some word can be learned from: without one, the library would end the process.
  var hasWord = false

  mutating func append(_ sentence: String) {
    var start = bytes.count
    bytes.append(contentsOf: sentence.utf8)
    while bytes.count - start > Self.maximumSentenceLength {
      start = bytes.cut(from: start, notAfter: start + Self.maximumSentenceLength).index
      ends.append(start)
    }
    ends.append(bytes.count)
    hasWord = hasWord || sentence.split(whereSeparator: \.isWhitespace).contains(where: isWord)
  }

  /// Whether a word has a character that normalization keeps and that does not belong to the name
  /// of a special piece (`[CLS]`, `<0x41>`), which training takes out.
  private func isWord(_ word: Substring) -> Bool {
    guard !word.hasPrefix("["), !word.hasPrefix("<") else { return false }
    return word.unicodeScalars.contains { scalar in
      // The library's own signs for a space and for an unknown character, and a lost character.
      if ["\u{2581}", "\u{2585}", "\u{FFFD}"].contains(scalar) { return false }
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
        .decimalNumber, .letterNumber, .otherNumber, .mathSymbol, .currencySymbol, .otherSymbol,
        .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
        .initialPunctuation, .finalPunctuation, .otherPunctuation:
        return true
      default:
        return false
      }
    }
  }

  func train(_ options: SentencePieceOptions) throws(TextError) -> Data {
    var training = csp_training(
      vocabulary_size: Int32(clamping: options.vocabularySize),
      byte_pair: options.algorithm == .bytePair,
      character_coverage: options.characterCoverage, byte_fallback: options.byteFallback,
      lowercase: options.lowercase,
      maximum_piece_length: Int32(clamping: options.maximumPieceLength))
    var serialized: UnsafeMutablePointer<CChar>?
    var count = 0
    defer { csp_free(serialized) }
    let failure = bytes.withUnsafeBufferPointer { text in
      text.withMemoryRebound(to: CChar.self) { text in
        takeFailure(
          csp_train(&training, text.baseAddress, ends, ends.count, &serialized, &count))
      }
    }
    if let failure { throw error(for: failure, options) }
    return serialized.map { Data(bytes: $0, count: count) } ?? Data()
  }

  /// The library tells the possible sizes of a vocabulary only in the wording of its errors.
  private func error(for failure: String, _ options: SentencePieceOptions) -> TextError {
    let numbers = failure.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
    let requested = options.vocabularySize
    if failure.contains("Vocabulary size too high"), let largest = numbers.last {
      return .vocabularyTooLarge(requested: requested, largest: largest)
    }
    if failure.contains("smaller than required_chars"), numbers.count >= 2 {
      return .vocabularyTooSmall(requested: requested, smallest: numbers[1])
    }
    return .trainingFailed(reason: failure)
  }
}
