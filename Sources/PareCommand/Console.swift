// What people see: text, color and progress, and none of the last two in a pipe.

import Foundation

/// One of the program's two outputs.
final class Console {
  nonisolated(unsafe) static let standardOutput = Console(
    FileHandle.standardOutput, name: "standard output")
  nonisolated(unsafe) static let standardError = Console(
    FileHandle.standardError, name: "standard error")

  private let handle: FileHandle
  private let name: String
  /// Whether a person looks at it.
  let isTerminal: Bool
  /// Whether color helps: on a terminal, unless NO_COLOR is set.
  let usesColor: Bool
  private var progressWidth = 0
  private var failure: OutputFailure?

  private init(_ handle: FileHandle, name: String) {
    self.handle = handle
    self.name = name
    isTerminal = isatty(handle.fileDescriptor) == 1
    let noColor = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
    usesColor = isTerminal && noColor.isEmpty
  }

  /// Writes text. After a failure nothing more is written, and `check` tells of it: a training run
  /// does not end because nobody reads its messages any more.
  func write(_ text: String) {
    guard failure == nil else { return }
    do { try handle.write(contentsOf: Data(text.utf8)) } catch {
      failure = OutputFailure(error, of: name)
    }
  }

  /// Throws if something could not be written.
  func check() throws {
    if let failure { throw failure }
  }

  /// Writes a line.
  func line(_ text: String = "") { write(text + "\n") }

  /// Shows a line that the next one replaces; nothing in a pipe.
  func progress(_ text: String) {
    guard isTerminal else { return }
    let padding = String(repeating: " ", count: max(0, progressWidth - text.count))
    progressWidth = text.count
    write("\r" + text + padding)
  }

  /// Clears the progress line.
  func finishProgress() {
    if progressWidth > 0 { write("\r" + String(repeating: " ", count: progressWidth) + "\r") }
    progressWidth = 0
  }
}

/// Text that could not be written.
struct OutputFailure: Error, CustomStringConvertible {
  /// Whether the reader went away, as `head` does when it has seen enough: no failure of ours.
  let isClosedPipe: Bool
  /// One sentence.
  let description: String

  init(_ error: any Error, of output: String) {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    let system = [error as NSError, underlying].compactMap { $0 }.last {
      $0.domain == NSPOSIXErrorDomain
    }
    isClosedPipe = system?.code == Int(EPIPE)
    let reason = system.map { String(cString: strerror(Int32($0.code))) }
    description = "\(output): cannot be written: \(reason ?? error.localizedDescription)"
  }
}

/// A bar with what is left to do.
struct ProgressBar {
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let total: Int
  private var first: Int?
  private var last: ContinuousClock.Instant?

  init(total: Int) {
    self.total = total
    start = clock.now
  }

  /// Shows that `done` of the total are done; at most ten times a second.
  mutating func show(_ done: Int, _ remark: String = "") {
    let now = clock.now
    if let last, done < total, last.duration(to: now) < .milliseconds(100) { return }
    last = now
    let before = first ?? max(0, done - 1)
    first = before
    let share = total == 0 ? 1 : Double(done) / Double(total)
    let elapsed = Double(start.duration(to: now).components.seconds)
    let left = elapsed / Double(max(1, done - before)) * Double(total - done)
    let filled = Int(share * 24)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    Console.standardError.progress(
      "\(bar) \(done)/\(total)  \(remark)  \(Self.time(left)) left")
  }

  private static func time(_ seconds: Double) -> String {
    let whole = Int(seconds)
    return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }
}
