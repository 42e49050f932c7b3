// The targets: what reads bytes of strangers.

import Checkpoints
import Foundation
import Text

/// One kind of hostile bytes: inputs to begin with, and what must hold for any input.
struct Target: Sendable {
  /// Small inputs that are sound.
  let seeds: [Data]
  /// Small inputs that must be refused.
  let unsound: [Data]
  /// Throws the error that an input is refused with; ends the process where something is wrong that
  /// no error was thrown for.
  let check: @Sendable (Data) throws -> Void

  /// The target of a name that Scripts/fuzz knows. Ends the process where one of its seeds is
  /// refused: mutations of what is refused at once would hardly get further.
  init(named name: String) {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pare-fuzz-\(ProcessInfo.processInfo.processIdentifier)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      switch name {
      case "safetensors": self = try .safetensors(in: folder)
      case "shards": self = try .shards(in: folder)
      case "configuration": self = try .configuration(in: folder)
      case "huggingface": self = try .huggingFace(in: folder)
      case "json": self = .json()
      case "sentencepiece": self = try .sentencePiece()
      case "xlm-roberta": self = .xlmRoberta(in: folder)
      case "tokenizer": self = .tokenizerFolder(in: folder)
      case "settings": self = try .settings(in: folder)
      case "wordpiece": self = try .wordPiece(in: folder)
      case "text": self = try .text()
      default: fatalError("PARE_FUZZ_TARGET: expected a target, found \"\(name)\"")
      }
    } catch { fatalError("\(name) cannot begin: \(error)") }
    for (index, seed) in seeds.enumerated() {
      if let error = refusal(of: seed) { fatalError("\(name): seed \(index) is refused: \(error)") }
    }
    for (index, seed) in unsound.enumerated() where refusal(of: seed) == nil {
      fatalError("\(name): unsound seed \(index) is not refused")
    }
  }

  init(seeds: [Data], unsound: [Data] = [], check: @escaping @Sendable (Data) throws -> Void) {
    (self.seeds, self.unsound, self.check) = (seeds, unsound, check)
  }

  /// The error of an input that is refused: one of the readers' own, with words.
  @discardableResult
  func refusal(of data: Data) -> (any Error)? {
    do { try check(data) } catch {
      precondition(error is CheckpointError || error is TextError, "\(error)")
      precondition(!"\(error)".isEmpty)
      return error
    }
    return nil
  }
}

/// Runs what must not fail, since its input was seen to be sound.
func mustNotThrow<Result>(_ what: String, _ body: () throws -> Result) -> Result {
  do { return try body() } catch { fatalError("\(what): \(error)") }
}

/// Writes an input where it is read from.
func put(_ data: Data, _ url: URL) {
  mustNotThrow("writing the input") { try data.write(to: url) }
}

/// A new folder with these files.
func makeFolder(_ url: URL, _ files: [String: Data]) throws {
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  for (name, data) in files { try data.write(to: url.appendingPathComponent(name)) }
}
