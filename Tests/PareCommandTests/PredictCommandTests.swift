import Foundation
import Testing

@Suite struct PredictCommandTests {
  private let texts = ["the film was superb and we liked it", "the room was dull, we hated it"]

  @Test func textsComeFromArgumentsLinesOrAFile() throws {
    let folder = try Sample.folder()
    let arguments = try folder.pare("predict", "model", texts[0], texts[1])
    #expect(arguments.status == 0 && arguments.errors.isEmpty)
    #expect(arguments.lines.map { String($0.prefix(8)) } == ["positive", "negative"])
    // CRLF, a byte order mark, and no line break at the end.
    let input = Data("\u{FEFF}\(texts[0])\r\n\(texts[1])".utf8)
    #expect(try folder.pare("predict", "model", input: input).text == arguments.text)
    try folder.write("texts.csv", "body\n\(texts[0])\n\"\(texts[1])\"\n")
    let file = try folder.pare(
      "predict", "model", "--data", "texts.csv", "--text-column", "body", "--batch", "1")
    #expect(file.text == arguments.text)
  }

  @Test func jsonHasTheDocumentedKeys() throws {
    let folder = try Sample.folder()
    let plain = try folder.pare("predict", "model", "--json", texts[0], texts[1]).objects()
    #expect(plain.count == 2)
    #expect(plain.allSatisfy { $0.keys.sorted() == ["label", "probabilities"] })
    let rich = try folder.pare(
      "predict", "model", "--json", "--logits", "--tokens", texts[0]
    ).object()
    #expect(rich.keys.sorted() == ["label", "logits", "probabilities", "tokens"])
    #expect(rich["label"] as? String == "positive")
    let probabilities = try #require(rich["probabilities"] as? [String: Double])
    #expect(probabilities.keys.sorted() == ["negative", "positive"])
    #expect(abs(probabilities.values.reduce(0, +) - 1) < 1e-9)
    let logits = try #require(rich["logits"] as? [Double])
    #expect(logits.count == 2 && logits[1] > logits[0])
    let tokens = try #require(rich["tokens"] as? [Int])
    #expect(tokens.first == 2 && tokens.last == 3)
  }

  @Test func everyLineHasAnAnswer() throws {
    let folder = try Sample.folder()
    let input = Data("one\n\n\nfour\n".utf8)
    #expect(try folder.pare("predict", "model", input: input).lines.count == 4)
    #expect(try folder.pare("predict", "model").output.isEmpty)
  }

  @Test func longTextsAreTruncatedAndItIsSaidOnce() throws {
    let folder = try Sample.folder()
    let long = String(repeating: "the film was good ", count: 60_000)  // 1 MB
    let outcome = try folder.pare(
      "predict", "model", input: Data("\(long)\nshort\n\(long)\n".utf8))
    #expect(outcome.status == 0 && outcome.lines.count == 3)
    #expect(outcome.errors == "pare: 2 texts were truncated to 48 tokens\n")
  }

  /// Whoever writes a line and waits for the answer before the next gets it.
  @Test func answersDoNotWaitForTheEndOfTheInput() throws {
    let folder = try Sample.folder()
    let asking = "(echo good; while [ ! -s out ]; do sleep 0.01; done; echo bad)"
    #expect(try folder.shell("\(asking) | $PARE predict model > out").status == 0)
    #expect(try folder.data("out").count { $0 == 0x0A } == 2)
  }

  @Test func aReaderThatGoesAwayEndsItQuietly() throws {
    let folder = try Sample.folder()
    let many = Data(String(repeating: "good\n", count: 20_000).utf8)
    let outcome = try folder.shell(
      "{ $PARE predict model; echo status $? >&2; } | head -1", input: many)
    #expect(outcome.lines.count == 1)
    #expect(outcome.errors == "status 0\n")
  }

  @Test func brokenLinesOfTheInputAreNamed() throws {
    let folder = try Sample.folder()
    let good = Data("good\n".utf8)
    for command in [["predict", "model"], ["tokenizer", "encode", "model"]] {
      func outcome(_ bytes: [UInt8]) throws -> Outcome {
        try folder.shell(
          "$PARE \(command.joined(separator: " "))", input: good + Data(bytes) + good)
      }
      expectFailure(try outcome([0x61, 0xFF, 0x0A]), "standard input, line 2", "UTF-8")
      // Half of a character, as a cut file has.
      expectFailure(try outcome([0xC3, 0x0A]), "standard input, line 2", "UTF-8")
      expectFailure(try outcome([0x61, 0, 0x0A]), "standard input, line 2", "NUL")
      expectFailure(
        try outcome([UInt8](repeating: 0x61, count: (16 << 20) + 1) + [0x0A]),
        "standard input, line 2", "16777216")
    }
  }

  @Test func anInputThatCannotBeReadIsNamed() throws {
    let folder = try Sample.folder()
    expectFailure(try folder.shell("$PARE predict model < ."), "standard input", "folder")
    expectFailure(try folder.shell("$PARE predict model <&-"), "standard input")
  }
}
