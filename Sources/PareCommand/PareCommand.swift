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
      InspectCommand.self, TokenizerCommand.self, TrainCommand.self, EvaluateCommand.self,
      PredictCommand.self, ScoreCommand.self, PruneCommand.self, BenchCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      leave(error)
    }
  }

  /// Ends the program with one sentence about `error` and the status that goes with its kind.
  private static func leave(_ error: any Error) -> Never {
    let status: Int32? =
      switch error {
      case TrainingError.interrupted: 130
      case PruningError.lawBroken: 1
      case is CheckpointError, is TextError, is TrainingError, is PruningError, is InputError: 2
      default: nil
      }
    guard let status else { exit(withError: error) }
    Console.standardError.finishProgress()
    Console.standardError.write("pare: \(error)\n")
    Foundation.exit(status)
  }
}

/// Something in the arguments or in a file that cannot be used.
struct InputError: Error, CustomStringConvertible {
  /// One sentence: what, where, expected, found, what to do.
  let description: String

  init(_ description: String) { self.description = description }
}
