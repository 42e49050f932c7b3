// Ctrl-C: ask the run to stop after its step; a second one ends the program at once.

import Foundation
import Synchronization

/// Whether the user asked to stop. Signals belong to the process, and so does this.
enum Interruption {
  private static let count = Atomic<Int>(0)

  /// From now on Ctrl-C and a request to terminate are noted instead of ending the program.
  static func note() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        if Interruption.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
      }
    }
  }

  /// From the start, for commands that have nothing to save: end with 130.
  static func leaveAtOnce() {
    signal(SIGINT) { _ in _exit(130) }
  }

  static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }
}
