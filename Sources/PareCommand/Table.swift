// Tables and pictures for a terminal.

import Foundation

/// Rows of text under a head; numbers stand to the right.
struct Table {
  private var rows: [[String]]

  init(_ head: [String]) { rows = [head] }

  mutating func add(_ row: [String]) { rows.append(row) }

  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    var lines: [String] = []
    for (index, row) in rows.enumerated() {
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + padding : padding + cell
      }
      lines.append(cells.joined(separator: "   ").trimmingTrailingSpaces)
      if index == 0 {
        lines.append(widths.map { String(repeating: "─", count: $0) }.joined(separator: "───"))
      }
    }
    return lines.joined(separator: "\n")
  }
}

/// Values of layers × heads as a map: darker is less, and the least is marked without color.
struct HeatMap {
  let values: [[Float]]
  let usesColor: Bool

  /// A row for each layer, the highest on top, as encoders are drawn.
  var text: String {
    let all = values.flatMap { $0 }
    let (low, high) = (all.min() ?? 0, all.max() ?? 1)
    let columns = values.map(\.count).max() ?? 0
    func label(_ text: String) -> String {
      String(repeating: " ", count: max(0, 8 - text.count)) + text + " "
    }
    var lines = [label("head") + (0..<columns).map { pad("\($0)") }.joined()]
    for (layer, row) in values.enumerated().reversed() {
      let cells = row.map { value in
        cell(pad(format(value)), share: high > low ? (value - low) / (high - low) : 1)
      }
      lines.append(label("layer \(layer)") + cells.joined())
    }
    return lines.joined(separator: "\n")
  }

  private func pad(_ text: String) -> String {
    String(repeating: " ", count: max(0, 9 - text.count)) + text
  }

  private func format(_ value: Float) -> String {
    value == 0 ? "0" : String(format: abs(value) < 0.001 ? "%.1e" : "%.4f", value)
  }

  /// 24-step gray to yellow in the 256-color palette; black on light, white on dark.
  private func cell(_ text: String, share: Float) -> String {
    guard usesColor else { return text }
    let ramp = [17, 18, 19, 25, 31, 37, 71, 107, 143, 179, 214, 220]
    let index = min(ramp.count - 1, max(0, Int(share * Float(ramp.count))))
    return "\u{1b}[48;5;\(ramp[index])m\u{1b}[38;5;\(index < 6 ? 255 : 16)m\(text)\u{1b}[0m"
  }
}

extension String {
  var trimmingTrailingSpaces: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}

/// How numbers are written for people.
enum Format {
  static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

  static func milliseconds(_ value: Double) -> String {
    String(format: value < 10 ? "%.2f ms" : "%.1f ms", value)
  }

  static func bytes(_ count: Int) -> String {
    count < 1_000_000
      ? String(format: "%.1f kB", Double(count) / 1e3)
      : String(format: "%.1f MB", Double(count) / 1e6)
  }

  static func count(_ value: Int) -> String {
    switch value {
    case ..<10_000: "\(value)"
    case ..<10_000_000: String(format: "%.1f k", Double(value) / 1e3)
    case ..<10_000_000_000: String(format: "%.1f M", Double(value) / 1e6)
    default: String(format: "%.2f G", Double(value) / 1e9)
    }
  }
}
