// The targets: what reads bytes of strangers.

import Foundation

/// One kind of hostile bytes: inputs to begin with, and what must hold for any input.
struct Target: Sendable {
  /// Small inputs that are sound.
  let seeds: [Data]
  /// Ends the process where something is wrong that no error was thrown for.
  let check: @Sendable (Data) -> Void

  /// The target of a name that Scripts/fuzz knows.
  init(named name: String) {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pare-fuzz-\(ProcessInfo.processInfo.processIdentifier)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      switch name {
      case "safetensors": self = try .safetensors(in: folder)
      case "shards": self = try .shards(in: folder)
      case "configuration": self = try .configuration(in: folder)
      case "json": self = .json()
      case "sentencepiece": self = try .sentencePiece()
      case "tokenizer": self = .tokenizerFolder(in: folder)
      case "text": self = try .text()
      default: fatalError("PARE_FUZZ_TARGET: expected a target, found \"\(name)\"")
      }
    } catch { fatalError("\(name) cannot begin: \(error)") }
  }

  init(seeds: [Data], check: @escaping @Sendable (Data) -> Void) {
    self.seeds = seeds
    self.check = check
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
