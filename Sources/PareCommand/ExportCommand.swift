// pare export

import ArgumentParser
import Foundation
import Pare

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model for other programs: transformers, or whatever reads ONNX.",
    discussion: """
      pare export smaller --format huggingface --out smaller-transformers
      pare export smaller --format huggingface --store bf16 --out smaller-transformers
      pare export smaller --format onnx --out smaller.onnx

      transformers has one shape for all layers: a model of uneven layers is filled with zeros \
      there, and lies as it is in the folder pare beside it. ONNX keeps every layer's shape.
      """)

  /// The program to write for.
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case huggingface, onnx
  }

  @Argument(help: "A model's folder.")
  var model: String

  @Option(help: "huggingface: a folder for transformers; onnx: one file.")
  var format: Format

  @Option(help: "The folder or file to write.")
  var out: String

  @Option(help: "How a folder stores numbers: f32, f16 or bf16; f32 unless given.")
  var store: ElementType?

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let out, format: String
    var family: ModelFamily?
    var notes: [String] = []
  }

  func validate() throws {
    if store != nil && format != .huggingface {
      throw ValidationError("--store goes with --format huggingface.")
    }
  }

  func run() throws {
    Interruption.leaveAtOnce()
    var result = Result(out: out, format: format.rawValue)
    switch format {
    case .huggingface:
      let place = try OutputPlace.folder(out, orExport: true)
      let export = try HuggingFaceExport(SavedClassifier(argument: model))
      try export.write(to: place, as: store ?? .f32)
      for note in export.notes { Console.standardError.line("pare: \(note)") }
      (result.family, result.notes) = (export.family, export.notes)
    case .onnx:
      let place = try OutputPlace.file(out)
      let saved = try SavedClassifier(argument: model)
      try ONNXModel(saved, producerVersion: pareVersion).write(to: place)
    }
    try output.report(result)
    output.say("\(out): \(result.family?.rawValue ?? format.rawValue)")
  }
}
