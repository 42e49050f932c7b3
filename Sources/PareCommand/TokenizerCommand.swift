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

    func run() throws {
      Interruption.leaveAtOnce()
      let dataset = try Dataset(
        contentsOf: URL(fileURLWithPath: data), columns: columns.selection(requiresLabel: false))
      let tokenizer = try SentencePieceTokenizer.train(
        on: dataset.texts, options: vocabulary.options)
      try AtomicFile.write(try tokenizer.serialized, to: URL(fileURLWithPath: out))
      Console.standardOutput.line("\(tokenizer.vocabulary.size) pieces in \(out)")
    }
  }

  struct Encode: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show the pieces of texts, given as arguments or line by line.",
      discussion: """
        pare tokenizer encode Models/reviews "The food was not bad at all."
        head -3 texts.txt | pare tokenizer encode Models/reviews --ids
        """)

    @Argument(help: "A model's folder, or a tokenizer file.")
    var tokenizer: String

    @Argument(help: "Texts; standard input where there are none.")
    var texts: [String] = []

    @Flag(help: "Print ids instead of pieces.")
    var ids = false

    func run() throws {
      Interruption.leaveAtOnce()
      var url = URL(fileURLWithPath: tokenizer)
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder),
        isFolder.boolValue
      {
        url.appendPathComponent("tokenizer.model")
      }
      let tokenizer = try SentencePieceTokenizer(contentsOf: url)
      try TextInput.forEach(texts) { text in
        let encoded = try tokenizer.encode(text)
        Console.standardOutput.line(
          encoded.map { ids ? "\($0)" : tokenizer.piece($0) }.joined(separator: " "))
      }
    }
  }
}

/// The size and kind of a new vocabulary.
struct VocabularyFlags: ParsableArguments {
  @Option(name: .customLong("vocabulary"), help: "Pieces of the vocabulary.")
  var size = 8000

  @Option(help: "unigram or bpe.")
  var algorithm = SentencePieceOptions.Algorithm.unigram

  @Flag(help: "Keep capitals apart from small letters.")
  var cased = false

  var options: SentencePieceOptions {
    var options = SentencePieceOptions(vocabularySize: size, algorithm: algorithm)
    options.lowercase = !cased
    return options
  }
}

extension Dataset {
  /// All texts, of pairs both.
  var texts: [String] { examples.flatMap { [$0.text] + ($0.secondText.map { [$0] } ?? []) } }
}

/// Texts from the arguments, or from standard input line by line.
enum TextInput {
  static func forEach(_ arguments: [String], _ body: (String) throws -> Void) throws {
    if !arguments.isEmpty { return try arguments.forEach(body) }
    var number = 0
    while let line = readLine() {
      number += 1
      guard !line.utf8.contains(0) else {
        throw InputError("standard input, line \(number): expected text, found a NUL byte")
      }
      try body(line)
    }
  }
}
