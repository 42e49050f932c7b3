// The memory of this process, where the system tells it.

import Foundation

/// Bytes that are resident now: pages of our own, and pages of mapped files, which the system can
/// take back at any time.
struct ProcessMemory {
  let own, mapped: Int

  /// Reads Linux's /proc; `nil` elsewhere.
  init?() {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
      return nil
    }
    func bytes(_ field: String) -> Int? {
      let line = text.split(separator: "\n").first { $0.hasPrefix(field + ":") }
      return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 * 1024 }
    }
    guard let own = bytes("RssAnon"), let mapped = bytes("RssFile") else { return nil }
    (self.own, self.mapped) = (own, mapped)
  }
}
