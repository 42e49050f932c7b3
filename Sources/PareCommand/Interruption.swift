// Ctrl-C: ask the run to stop after its step; a second one ends the program at once.

import Foundation
import Synchronization

/// Whether the user asked to stop. Signals belong to the process, and so does this.
enum Interruption {
  private static let count = Atomic<Int>(0)

  /// From now on Ctrl-C and a request to terminate are noted instead of ending the program.
  static func note() {
    for number in signals {
      signal(number) { _ in
        if Interruption.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
      }
    }
    unblock()
  }

  /// From the start, for commands that have nothing to save: end with 130.
  static func leaveAtOnce() {
    signal(SIGINT) { _ in _exit(130) }
    unblock()
  }

  private static let signals = [SIGINT, SIGTERM]

  /// Lets the signals in: a program that starts this one from a thread that blocks them, as those
  /// of Dispatch do, hands that down.
  private static func unblock() {
    var set = sigset_t()
    sigemptyset(&set)
    for number in signals { sigaddset(&set, number) }
    sigprocmask(SIG_UNBLOCK, &set, nil)
  }

  static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }
}
