// The `pare` executable.

import ArgumentParser
import Foundation
import Pare

/// The root of the command.
@main
struct PareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pare",
    abstract: "Makes BERT-style encoders smaller and faster, and measures what that cost.",
    discussion: """
      A first round, on the bundled model and data:
        pare evaluate Models/reviews --data Datasets/reviews/test.tsv
        pare score heads Models/reviews --data Datasets/reviews/train.tsv
        pare prune Models/reviews --heads 0.5 --data Datasets/reviews/train.tsv --out smaller

      Exit status: 0 done, 1 a check failed, 2 bad input, 64 wrong use, 130 interrupted.
      """,
    version: pareVersion,
    subcommands: [
      InspectCommand.self, ImportCommand.self, ExportCommand.self, TokenizerCommand.self,
      TrainCommand.self, EvaluateCommand.self, PredictCommand.self, ScoreCommand.self,
      SensitivityCommand.self, PruneCommand.self, DistillCommand.self, BenchCommand.self,
    ])

  static func main() {
    // A reader that went away and a limit on the size of files are errors to report, not ends.
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    do {
      var command = try parseAsRoot()
      try command.run()
      try Console.standardOutput.check()
    } catch {
      leave(error)
    }
  }

  /// Ends the program with one sentence about `error` and the status that goes with its kind.
  private static func leave(_ error: any Error) -> Never {
    Console.standardError.finishProgress()
    if let failure = error as? OutputFailure, failure.isClosedPipe { Foundation.exit(0) }
    let isParsers = exitCode(for: error) != .failure
    if isParsers { exit(withError: error) }
    let (status, sentence): (Int32, String) =
      switch error {
      case TrainingError.interrupted: (130, "\(error)")
      case PruningError.lawBroken: (1, "\(error)")
      case is CheckpointError, is TextError, is TrainingError, is PruningError,
        is SparsityError, is DistillationError, is ExportError,
        is ONNXError, is InputError, is OutputFailure:
        (2, "\(error)")
      default: (2, error.localizedDescription)
      }
    Console.standardError.line("pare: \(sentence)")
    Foundation.exit(status)
  }
}

/// Something in the arguments or in a file that cannot be used.
struct InputError: Error, CustomStringConvertible {
  /// One sentence: what, where, expected, found, what to do.
  let description: String

  init(_ description: String) { self.description = description }
}
