// pare tokenizer

import ArgumentParser
import Foundation
import Pare

struct TokenizerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer", abstract: "SentencePiece models from text.",
    subcommands: [Train.self, Encode.self])

  struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Learn a vocabulary from the texts of a data file.",
      discussion: """
        pare tokenizer train --data Datasets/reviews/train.tsv --out tokenizer.model
        pare tokenizer train --data train.tsv --vocabulary 4000 --algorithm bpe --out small.model
        """)

    @Option(help: "A TSV, CSV or JSON Lines file; its label column is not needed.")
    var data: String

    @Option(help: "The file to write.")
    var out: String

    @OptionGroup var vocabulary: VocabularyFlags
    @OptionGroup var columns: ColumnOptions
    @OptionGroup var output: OutputOptions

    private struct Result: Encodable { let tokenizer: String, pieces: Int }

    func run() throws {
      Interruption.leaveAtOnce()
      let place = try OutputPlace.file(out)
      let dataset = try Dataset(
        contentsOf: URL(fileURLWithPath: data), columns: columns.selection(requiresLabel: false))
      let tokenizer = try vocabulary.learn(from: dataset.texts, of: data)
      try AtomicFile.write(try tokenizer.serialized, to: place)
      try output.report(Result(tokenizer: out, pieces: tokenizer.vocabulary.size))
      output.say("\(tokenizer.vocabulary.size) pieces in \(out)")
    }
  }

  struct Encode: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show the pieces of texts, given as arguments or line by line.",
      discussion: """
        pare tokenizer encode Models/reviews "The food was not bad at all."
        head -3 texts.txt | pare tokenizer encode Models/reviews --ids
        pare tokenizer encode tokenizer.model --json "Never again."
        """)

    @Argument(help: "A model's folder, or a SentencePiece file.")
    var tokenizer: String

    @Argument(help: "Texts; standard input where there are none.")
    var texts: [String] = []

    @Flag(help: "Print ids instead of pieces.")
    var ids = false

    @OptionGroup var output: OutputOptions

    private struct Line: Encodable { let pieces: [String], ids: [Int32] }

    func run() throws {
      Interruption.leaveAtOnce()
      let url = URL(fileURLWithPath: tokenizer)
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      let tokenizer: any Tokenizer =
        isFolder.boolValue
        ? try TokenizerFolder.read(url) : try SentencePieceTokenizer(contentsOf: url)
      try TextInput.forEach(texts) { text in
        let encoded = try tokenizer.encode(text)
        let pieces = encoded.map { tokenizer.piece($0) }
        try output.report(line: Line(pieces: pieces, ids: encoded))
        output.say((ids ? encoded.map { "\($0)" } : pieces).joined(separator: " "))
        try Console.standardOutput.check()
      }
    }
  }
}

/// The size and kind of a new vocabulary.
struct VocabularyFlags: ParsableArguments {
  @Option(
    name: .customLong("vocabulary"),
    help: "Pieces of the vocabulary; 8000, or what a small text has, unless given.")
  var size: Int?

  @Option(help: "unigram or bpe.")
  var algorithm = SentencePieceOptions.Algorithm.unigram

  @Flag(help: "Keep capitals apart from small letters.")
  var cased = false

  /// A tokenizer of texts that come from the file `path`.
  func learn(from texts: [String], of path: String) throws -> SentencePieceTokenizer {
    var options = SentencePieceOptions(vocabularySize: size ?? 8000, algorithm: algorithm)
    options.lowercase = !cased
    do throws(TextError) {
      return try .train(on: texts, options: options)
    } catch {
      switch error {
      case .vocabularyTooLarge(_, let largest) where size == nil:
        options.vocabularySize = largest
        return try .train(on: texts, options: options)
      case .invalidOption(_, let value, let expected):
        throw InputError("--vocabulary: expected \(expected), found \(value)")
      default:
        throw InputError("\(path): \(error); --vocabulary sets the size")
      }
    }
  }
}

extension Dataset {
  /// All texts, of pairs both.
  var texts: [String] { examples.flatMap { [$0.text] + ($0.secondText.map { [$0] } ?? []) } }
}
