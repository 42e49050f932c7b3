// Texts from the arguments, or from standard input line by line.

import Foundation
import Pare

/// Where commands that answer text after text find them.
enum TextInput {
  /// Calls `body` with each text: the arguments, or the lines of standard input where there are
  /// none.
  ///
  /// `whenIdle` is called when no more can be read at once: whoever writes the lines may be waiting
  /// for answers. Lines are checked as those of files are.
  static func forEach(
    _ arguments: [String], whenIdle: () throws -> Void = {}, _ body: (String) throws -> Void
  ) throws {
    if !arguments.isEmpty { return try arguments.forEach(body) }
    var lines = LineSplitter()
    while let chunk = try read() {
      try lines.add(chunk, body)
      if !hasMore() { try whenIdle() }
    }
    try lines.finish(body)
  }

  /// What can be read at once; `nil` at the end.
  private static func read() throws -> Data? {
    func unreadable(_ reason: String) -> InputError {
      InputError("standard input: cannot be read: \(reason); give texts as arguments or in a pipe")
    }
    var status = stat()
    guard fstat(STDIN_FILENO, &status) == 0 else {
      throw unreadable(String(cString: strerror(errno)))
    }
    let kind = status.st_mode & S_IFMT
    guard kind != S_IFDIR else { throw unreadable("it is a folder") }
    let input = FileHandle.standardInput
    guard kind == S_IFREG else {
      let data = input.availableData
      return data.isEmpty ? nil : data
    }
    do { return try input.read(upToCount: 1 << 20).flatMap { $0.isEmpty ? nil : $0 } } catch {
      throw unreadable(error.localizedDescription)
    }
  }

  private static func hasMore() -> Bool {
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, 0) > 0
  }
}

/// Puts lines together from chunks of bytes.
private struct LineSplitter {
  private var rest: [UInt8] = []
  private var number = 0

  mutating func add(_ chunk: Data, _ body: (String) throws -> Void) throws {
    var bytes = [UInt8](chunk)[...]
    while let end = bytes.firstIndex(of: 0x0A) {
      rest += bytes[..<end]
      bytes = bytes[(end + 1)...]
      try endLine(body)
    }
    rest += bytes
    try checkLength()
  }

  private func checkLength() throws {
    guard rest.count <= Dataset.maximumLineLength else {
      throw error(
        inLine: number + 1, "expected at most \(Dataset.maximumLineLength) bytes, found more")
    }
  }

  /// The last line, where no line break follows it.
  mutating func finish(_ body: (String) throws -> Void) throws {
    if !rest.isEmpty { try endLine(body) }
  }

  private mutating func endLine(_ body: (String) throws -> Void) throws {
    try checkLength()
    number += 1
    var line = rest[...]
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    if number == 1 && line.starts(with: mark) { line = line.dropFirst(mark.count) }
    if line.last == 0x0D { line = line.dropLast() }
    guard !line.contains(0) else {
      throw error(inLine: number, "expected text, found a NUL byte; UTF-16 must be converted")
    }
    guard let text = String(validating: line, as: UTF8.self) else {
      throw error(inLine: number, "expected UTF-8, found other bytes; convert the text")
    }
    rest.removeAll(keepingCapacity: true)
    try body(text)
  }

  private func error(inLine number: Int, _ problem: String) -> InputError {
    InputError("standard input, line \(number): \(problem)")
  }
}
