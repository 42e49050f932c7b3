// Data files that cannot be used: every command that reads one says so.

import Foundation
import Testing

@Suite struct BadDataTests {
  /// A file's name, its bytes, and what the message must say.
  static let files: [(name: String, bytes: [UInt8], fragments: [String])] = [
    ("empty.tsv", [], ["empty.tsv", "empty"]),
    ("header.csv", Array("text,label\n".utf8), ["header.csv", "no rows"]),
    ("column.tsv", Array("body\tlabel\ngood\tpositive\n".utf8), ["column.tsv", "text", "body"]),
    ("unlabeled.tsv", Array("text\tkind\ngood\tplain\n".utf8), ["unlabeled.tsv", "label", "kind"]),
    (
      "label.tsv", Array("text\tlabel\ngood\tpositive\nso\tmixed\n".utf8),
      ["label.tsv:3", "mixed", "negative or positive"]
    ),
    ("fields.csv", Array("text,label\ngood,positive,1\n".utf8), ["fields.csv:2", "2", "3"]),
    ("quote.csv", Array("text,label\n\"good,positive\n".utf8), ["quote.csv:2", "quote"]),
    ("bytes.tsv", Array("text\tlabel\ngoo".utf8) + [0xE4, 0x0A], ["bytes.tsv:2", "UTF-8"]),
    ("nul.jsonl", Array("{\"text\": \"a\0\"}\n".utf8), ["nul.jsonl:1", "NUL"]),
    ("list.jsonl", Array("[1]\n".utf8), ["list.jsonl:1", "object"]),
    ("half.jsonl", Array("{\"text\": \"a\", \"lab".utf8), ["half.jsonl:1", "JSON"]),
    ("data.parquet", Array("PAR1".utf8), ["data.parquet", ".jsonl"]),
  ]

  @Test(arguments: files.indices)
  func itIsNamedByEveryCommandThatReadsData(index: Int) throws {
    let (name, bytes, fragments) = Self.files[index]
    let folder = try Sample.folder()
    try folder.write(name, Data(bytes))
    let before = try folder.contents()
    for arguments in [
      ["evaluate", "model", "--data", name], ["score", "heads", "model", "--data", name],
      ["prune", "model", "--heads", "1", "--data", name, "--out", "new"],
      ["prune", "model", "--heads", "1", "--data", "train.tsv", "--test", name, "--out", "new"],
      ["train", "--from", "model", "--data", name, "--out", "new"],
    ] {
      let outcome = try folder.start(arguments).wait()
      expectFailure(outcome)
      for fragment in fragments {
        #expect(outcome.errors.contains(fragment), "\(arguments): \(outcome.errors)")
      }
    }
    #expect(try folder.contents() == before)
  }

  @Test func aMissingFileAndAFolderAreNamed() throws {
    let folder = try Sample.folder()
    expectFailure(
      try folder.pare("evaluate", "model", "--data", "none.tsv"), "none.tsv", "no such file")
    try FileManager.default.createDirectory(
      at: folder["folder.tsv"], withIntermediateDirectories: true)
    expectFailure(try folder.pare("evaluate", "model", "--data", "folder.tsv"), "folder.tsv")
  }

  @Test func aLineOfAMegabyteIsFine() throws {
    let folder = try Sample.folder()
    let long = String(repeating: "good ", count: 210_000)
    try folder.write("long.tsv", "text\tlabel\n\(long)\tpositive\nbad\tnegative\n")
    let outcome = try folder.pare("evaluate", "model", "--data", "long.tsv", "--json")
    #expect(try outcome.status == 0 && outcome.object()["count"] as? Int == 2)
    #expect(
      try folder.pare("score", "heads", "model", "--data", "long.tsv").status == 0)
  }

  @Test func wrongNumbersAreNamed() throws {
    let folder = try Sample.folder()
    let evaluate = ["evaluate", "model", "--data", "test.tsv"]
    let bench = ["bench", "model", "--calls=2", "--seconds=0"]
    for (arguments, name, found) in [
      (evaluate, "--threads", "0"), (evaluate, "--threads", "5000"), (evaluate, "--length", "1"),
      (evaluate, "--length", "-5"), (["predict", "model", "good"], "--batch", "0"),
      (["predict", "model", "good"], "--length", "0"), (bench, "--batch", "0"),
      (bench, "--length", "1"), (bench, "--length", "10000000"), (bench, "--calls", "0"),
      (bench, "--seconds", "nan"), (bench, "--seconds", "inf"), (bench, "--seconds", "-1"),
      (bench, "--batch", "9000000000000000000"), (bench + ["--train"], "--dropout", "nan"),
      (["score", "heads", "model", "--data", "train.tsv"], "--calibration-batch", "0"),
      (["score", "heads", "model", "--data", "train.tsv"], "--calibration-length", "1"),
    ] {
      let outcome = try folder.start(arguments + ["\(name)=\(found)"]).wait()
      expectFailure(outcome, "expected", found)
      #expect(outcome.output.isEmpty)
    }
  }
}
