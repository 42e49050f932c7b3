// pare import

import ArgumentParser
import Foundation
import Pare

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Turn a Hugging Face checkpoint into a Pare model.",
    discussion: """
      pare import all-MiniLM-L6-v2 --out minilm
      pare import distilbert-base-uncased --out small --store f16 --seed 7
      pare train --from minilm --data train.tsv --out tuned

      Reads BERT, MiniLM, DistilBERT and XLM-RoBERTa in safetensors. Every other command takes such \
      a folder as it is, too.
      """)

  @Argument(help: "A folder with config.json, safetensors and a tokenizer.")
  var checkpoint: String

  @Option(help: "The folder to write.")
  var out: String

  @Option(help: "How numbers are stored: f32, f16 or bf16.")
  var store = ElementType.f32

  @Option(help: "The seed of a classifier or pooler that the checkpoint does not have.")
  var seed: UInt64 = 0

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let model: String
    let family: ModelFamily
    let labels: [String]
    let parameters: Int
    let notes: [String]
  }

  func run() throws {
    Interruption.leaveAtOnce()
    let place = try OutputPlace.folder(out)
    var saved = try SavedClassifier(argument: checkpoint, seed: seed)
    guard let family = saved.family else {
      throw InputError(
        "\(checkpoint): expected a Hugging Face checkpoint, found a Pare model; it needs no import")
    }
    saved.card = try History("import", seed: seed, parent: checkpoint, data: [])
      .appended(to: saved.card)
    try saved.write(to: place, as: store)
    let count = saved.classifier.parameterCount
    try output.report(
      Result(
        model: out, family: family, labels: saved.labelNames, parameters: count,
        notes: saved.notes))
    output.say("\(out): \(family.rawValue), \(Format.count(count)) parameters")
  }
}
