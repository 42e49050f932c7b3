import Foundation
import Synchronization
import Testing
import Text

/// One id for each letter outside white space; remembers how much it was asked to read.
private final class LetterTokenizer: Tokenizer {
  let vocabulary = Vocabulary(size: 0x11_0000)
  private let readByteCount = Mutex(0)

  var bytesRead: Int { readByteCount.withLock { $0 } }

  func encode(_ text: String) throws(TextError) -> [Int32] {
    readByteCount.withLock { $0 += text.utf8.count }
    return text.unicodeScalars.filter { !$0.properties.isWhitespace }.map { Int32($0.value) }
  }

  func decode(_ ids: some Sequence<Int32>) -> String {
    String(String.UnicodeScalarView(ids.compactMap { Unicode.Scalar(UInt32($0)) }))
  }

  func piece(_ id: Int32) -> String { decode([id]) }
  func files() -> [String: Data] { [:] }
}

/// One id for each word, which depends on all its letters.
private struct WordTokenizer: Tokenizer {
  let vocabulary = Vocabulary(size: 1 << 31)

  func encode(_ text: String) throws(TextError) -> [Int32] {
    text.split(whereSeparator: \.isWhitespace).map { word in
      Int32(word.utf8.reduce(0) { ($0 * 31 + Int($1)) % (1 << 31) })
    }
  }

  func decode(_ ids: some Sequence<Int32>) -> String { "" }
  func piece(_ id: Int32) -> String { "" }
  func files() -> [String: Data] { [:] }
}

@Suite struct TokenizerTests {
  /// Words of 7 letters on average, the longest first: windows of 8 bytes an id end inside words.
  @Test func firstIDsAreNeverThoseOfCutWords() throws {
    let tokenizer = WordTokenizer()
    let text = (0..<2_000).map { String(repeating: "ab", count: 6 - $0 % 6) }
      .joined(separator: " ")
    let whole = try tokenizer.encode(text)
    for limit in 1..<400 {
      #expect(try tokenizer.encode(text, limit: limit) == Array(whole.prefix(limit)))
    }
  }

  @Test func longWordsAreReadToTheirEndIfTheirIDIsWanted() throws {
    let tokenizer = WordTokenizer()
    let text =
      String(repeating: "a ", count: 99) + String(repeating: "long", count: 5_000) + " end"
    #expect(try tokenizer.encode(text, limit: 100) == Array(tokenizer.encode(text).prefix(100)))
  }

  @Test(arguments: [1, 10, 50, 126, 1_000])
  func firstIDsOfLongTextAreThoseOfWholeText(limit: Int) throws {
    let text = (0..<3_000).map { corpus[$0 % corpus.count] + " \($0)" }.joined(separator: "\n")
    for tokenizer in [try unigram.get(), try bytePair.get()] {
      let whole = try tokenizer.encode(text)
      #expect(try tokenizer.encode(text, limit: limit) == Array(whole.prefix(limit)))
    }
  }

  @Test func limitReadsLittleOfLongText() throws {
    let tokenizer = LetterTokenizer()
    let text = String(repeating: "many short words and ", count: 50_000)
    #expect(try tokenizer.encode(text, limit: 100).count == 100)
    #expect(tokenizer.bytesRead <= 800)
  }

  @Test func limitReadsLittleOfOneLongWord() throws {
    let tokenizer = LetterTokenizer()
    let text = "short " + String(repeating: "å", count: 500_000)
    #expect(try tokenizer.encode(text, limit: 100) == Array(tokenizer.encode(text).prefix(100)))
    #expect(tokenizer.bytesRead <= 800 + text.utf8.count)
  }

  @Test func limitFindsIDsBehindMuchWhiteSpace() throws {
    let tokenizer = LetterTokenizer()
    let text = String(repeating: " ", count: 100_000) + "end of it all"
    #expect(try tokenizer.encode(text, limit: 5) == Array(tokenizer.encode(text).prefix(5)))
  }

  @Test func limitsBeyondTextGiveAllOfIt() throws {
    let tokenizer = LetterTokenizer()
    #expect(try tokenizer.encode("abc", limit: .max).count == 3)
    #expect(try tokenizer.encode("abc", limit: 3).count == 3)
    #expect(try tokenizer.encode("abc", limit: 0).isEmpty)
    #expect(try tokenizer.encode("", limit: 3).isEmpty)
  }
}
