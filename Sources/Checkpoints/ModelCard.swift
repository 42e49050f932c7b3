// How a model came to be.

/// One step of a model's history.
public struct ModelStep: Codable, Equatable, Sendable {
  /// The command, such as `pare prune`.
  public var command: String
  /// The arguments as given.
  public var arguments: [String]
  /// The random seed, where one was used.
  public var seed: UInt64?
  /// Data files with the hash of their bytes.
  public var data: [String: String]
  /// The hash of the parent's weights, where there was one.
  public var parent: String?
  /// Measured figures, such as `accuracy before` on the data named.
  public var figures: [String: Double]
  /// The version of Pare.
  public var version: String

  /// A step.
  public init(
    command: String, arguments: [String], seed: UInt64? = nil, data: [String: String] = [:],
    parent: String? = nil, figures: [String: Double] = [:], version: String
  ) {
    self.command = command
    self.arguments = arguments
    self.seed = seed
    self.data = data
    self.parent = parent
    self.figures = figures
    self.version = version
  }
}

/// A model's history, oldest step first; `card.json` in its folder.
public struct ModelCard: Codable, Equatable, Sendable {
  /// What was done, in order.
  public var steps: [ModelStep]

  /// A history.
  public init(steps: [ModelStep] = []) { self.steps = steps }
}
