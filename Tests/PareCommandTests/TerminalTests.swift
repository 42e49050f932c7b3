// Color and progress on a terminal, and neither in a pipe.

import Foundation
import Testing

@Suite struct TerminalTests {
  private let score = ["score", "heads", "model", "--data", "train.tsv"]
  private let escape = "\u{1B}"

  @Test func pipesGetNoEscapeCodesAndNoProgress() throws {
    let folder = try Sample.folder()
    for arguments in [
      score, Sample.training + ["--epochs", "1", "--out", "new"], ["inspect", "model"],
      ["evaluate", "model", "--data", "test.tsv"],
      ["prune", "model", "--heads", "2", "--data", "train.tsv", "--out", "cut"],
    ] {
      let outcome = try folder.start(arguments).wait()
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(!outcome.text.contains(escape) && !outcome.text.contains("\r"))
    }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: script)))
  func terminalsGetColorUnlessToldOtherwise() throws {
    let folder = try Sample.folder()
    let colored = try onTerminal(score, [:], folder)
    #expect(colored.contains("\u{1B}[48;5;") && colored.contains("\u{1B}[0m"))
    #expect(try !onTerminal(score, ["NO_COLOR": "1"], folder).contains(escape))
    // An empty value is no wish (no-color.org).
    #expect(try onTerminal(score, ["NO_COLOR": ""], folder).contains(escape))
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: script)))
  func terminalsSeeProgressThatIsClearedAfter() throws {
    let folder = try Sample.folder()
    let training = Sample.training + ["--epochs", "2", "--out", "new", "--json"]
    let text = try onTerminal(training, [:], folder)
    #expect(text.contains("\r") && text.contains("█") && text.contains("steps/s"))
    #expect(!text.contains(escape))
    let last = try #require(text.range(of: "left", options: .backwards))
    #expect(text[last.upperBound...].hasPrefix("\r") || text[last.upperBound...].contains("\r "))
  }

  /// The program that lends others a terminal; part of every Debian and of macOS.
  private static let script = "/usr/bin/script"

  /// All that the command writes when both of its outputs are a terminal.
  private func onTerminal(
    _ arguments: [String], _ environment: [String: String], _ folder: Folder
  ) throws -> String {
    let words = ([Folder.binary.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
    #if os(macOS)
      let line = "\(Self.script) -q /dev/null \(words)"
    #else
      let line = "\(Self.script) -qec \"\(words)\" /dev/null"
    #endif
    let outcome = try folder.shell(line, environment: environment)
    #expect(outcome.status == 0, "\(outcome.text)")
    return outcome.text
  }
}
