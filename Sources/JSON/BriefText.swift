// Words of strangers in our messages.

extension String {
  /// At most a hundred characters, none of which moves a terminal's cursor.
  public var brief: String {
    let start = unicodeScalars.prefix(100)
    let shown = start.map { $0.properties.generalCategory == .control ? "\u{fffd}" : String($0) }
    return shown.joined() + (start.endIndex < unicodeScalars.endIndex ? "…" : "")
  }
}
