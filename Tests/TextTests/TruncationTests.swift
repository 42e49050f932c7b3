import Foundation
import Testing
import Text

@Suite struct TruncationTests {
  /// What the library says of each setting, from Scripts/fixtures/tokens.py.
  private struct Setting: Decodable {
    struct Case: Decodable {
      var first: String
      var second: String?
      var length: Int
      /// None where the library has an error.
      var ids: [Int32]?
    }
    var json: String
    var side: Truncation.Side
    var strategy: Truncation.Strategy
    var cases: [Case]
  }

  private func settings() throws -> [Setting] {
    try JSONDecoder().decode(
      [Setting].self, from: Data(contentsOf: fixture("truncation.json")))
  }

  /// The files of a tokenizer with this truncation.
  private func files(
    _ truncation: String, configuration: String = "{}"
  ) throws -> [String: String] {
    let json = try String(
      contentsOf: fixture("cased").appending(path: "tokenizer.json"), encoding: .utf8)
    let changed = json.replacing(#""truncation":null"#, with: #""truncation":\#(truncation)"#)
    return ["tokenizer.json": changed, "tokenizer_config.json": configuration]
  }

  private func truncation(_ files: [String: String]) throws -> Truncation {
    try withFolder(files) { try TokenizerFolder.read($0).vocabulary.truncation }
  }

  /// Every length, one text or two, both sides and three strategies.
  @Test func sequencesAreThoseOfTheLibrary() throws {
    let settings = try settings()
    #expect(settings.count == 6)
    for setting in settings {
      let tokenizer = try withFolder(files(setting.json)) { try TokenizerFolder.read($0) }
      #expect(
        tokenizer.vocabulary.truncation
          == Truncation(side: setting.side, strategy: setting.strategy))
      #expect(setting.cases.count > 100)
      for example in setting.cases {
        let sequence = Result { () throws(TextError) in
          try tokenizer.encode(
            example.first, pairedWith: example.second, maximumLength: example.length)
        }
        guard let ids = example.ids else {
          let error = TextError.untruncatable(
            strategy: setting.strategy, isPair: example.second != nil,
            maximumLength: example.length)
          #expect(throws: error) { try sequence.get() }
          continue
        }
        #expect(try sequence.get().ids == ids, "\(setting.json) \(example)")
      }
    }
  }

  @Test(arguments: Truncation.Side.allCases)
  func endsOfLongTextsAreThoseOfTheWholeText(side: Truncation.Side) throws {
    let direction = side == .left ? "Left" : "Right"
    let tokenizer = try withFolder(
      files(#"{"direction":"\#(direction)","max_length":64,"strategy":"LongestFirst","stride":0}"#)
    ) { try TokenizerFolder.read($0) }
    let text = String(repeating: "the film [MASK] 中 is not good ", count: 500)
    let whole = try tokenizer.encode(text)
    let sequence = try tokenizer.encode(text, maximumLength: 64)
    #expect(sequence.ids == [2] + (side == .left ? whole.suffix(62) : whole.prefix(62)) + [3])
    #expect(sequence.isTruncated)
  }

  /// Both texts are far too long, and only the whole of them tells which is the longer one.
  @Test func theLongerTextKeepsAnOddToken() throws {
    let tokenizer = try withFolder(files("null")) { try TokenizerFolder.read($0) }
    func text(_ count: Int) -> String { String(repeating: "the ", count: count) }
    for (first, second, kept) in [(501, 500, 5), (500, 501, 4), (500, 500, 4), (5, 500, 4)] {
      let sequence = try tokenizer.encode(
        text(first), pairedWith: text(second), maximumLength: 12)
      #expect(sequence.ids.count == 12 && sequence.typeIDs.count { $0 == 0 } == kept + 2)
    }
  }

  /// `transformers` goes by the side of the settings, and so by what its users chose last.
  @Test func settingsBesideATokenizerTellTheSide() throws {
    let right = #"{"direction":"Right","max_length":64,"strategy":"OnlyFirst","stride":0}"#
    for (json, configuration, expected) in [
      (right, #"{"truncation_side":"left"}"#, Truncation(side: .left, strategy: .onlyFirst)),
      (
        right, #"{"truncation_strategy":"only_second"}"#,
        Truncation(side: .right, strategy: .onlyFirst)
      ),
      (
        "null", #"{"truncation_side":"left","truncation_strategy":"only_second"}"#,
        Truncation(side: .left, strategy: .onlySecond)
      ),
      ("null", #"{"truncation_side":null,"truncation_strategy":null}"#, Truncation()),
      (#"{"max_length":64,"strategy":"LongestFirst","stride":0}"#, "{}", Truncation()),
    ] {
      #expect(try truncation(files(json, configuration: configuration)) == expected)
    }
  }

  @Test func settingsBesideAVocabularyTellAll() throws {
    for strategy in Truncation.Strategy.allCases {
      let configuration =
        #"{"truncation_side":"left","truncation_strategy":"\#(strategy.rawValue)"}"#
      let files = ["vocab.txt": smallVocabulary, "tokenizer_config.json": configuration]
      #expect(try truncation(files) == Truncation(side: .left, strategy: strategy))
    }
  }

  @Test func savedFilesKeepTheTruncation() throws {
    for setting in try settings() {
      let tokenizer = try withFolder(files(setting.json)) { try TokenizerFolder.read($0) }
      let again = try withFolder(tokenizer.files()) { try TokenizerFolder.read($0) }
      #expect(again.vocabulary == tokenizer.vocabulary)
    }
  }

  @Test func errorsTellWhatToDo() {
    for (isPair, hint) in [(false, "expected a pair of texts"), (true, "room for a token")] {
      let error = TextError.untruncatable(
        strategy: .onlySecond, isPair: isPair, maximumLength: 16)
      for words in [hint, "more than 16 tokens", "only_second", "raise the maximum length"] {
        #expect(error.description.contains(words))
      }
    }
  }
}
