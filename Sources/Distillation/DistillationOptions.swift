// How a student is taught.

/// How a student is taught: how much of what it makes small is the teacher's answers, the labels,
/// and the teacher's hidden states.
public struct DistillationOptions: Codable, Equatable, Sendable {
  /// What logits are divided by before they become probabilities: a higher one shows more of what
  /// the teacher thinks of wrong labels. 2 is the default of the code that trained DistilBERT (Sanh
  /// et al., 2019, arXiv:1910.01108).
  public var temperature: Float = 2
  /// The weight of the teacher's softened answers; 0.5 in the same code.
  public var softWeight: Float = 0.5
  /// The weight of the labels; what is left of 1, so that logits that both agree on learn as fast
  /// as without a teacher.
  public var hardWeight: Float = 0.5
  /// The weight of hidden states; 0, which leaves them, because a teacher's logits can be
  /// remembered and hidden states are computed anew in every epoch. TinyBERT (Jiao et al., 2020,
  /// arXiv:1909.10351) has 1.
  public var hiddenWeight: Float = 0
  /// Which of the teacher's layers each layer of the student follows.
  public var layerMap = LayerMap.uniform
  /// The teacher's channels that the student still has, in the student's order, where hidden
  /// channels were cut out of the one to give the other; `nil` where both have the same.
  public var channels: [Int]?

  /// The defaults.
  public init() {}
}

extension DistillationOptions {
  /// Throws for a number that cannot be meant.
  public func validate() throws(DistillationError) {
    func check(
      _ name: String, _ value: Float, _ isSound: Bool, _ expected: String
    ) throws(DistillationError) {
      guard isSound else {
        throw .invalidOption(name: name, expected: expected, found: "\(value)")
      }
    }
    // Far below, logits divided by it leave the range of floats; far above, all softened answers
    // are alike to the last bit.
    try check(
      "temperature", temperature, (0.01...1000).contains(temperature), "0.01 to 1000")
    for (name, weight) in [
      ("soft-weight", softWeight), ("hard-weight", hardWeight), ("hidden-weight", hiddenWeight),
    ] {
      try check(name, weight, (0...1000).contains(weight), "0 to 1000")
    }
    guard softWeight + hardWeight + hiddenWeight > 0 else {
      throw .invalidOption(
        name: "soft-weight, hard-weight, hidden-weight", expected: "one of them above 0",
        found: "nothing to learn from")
    }
  }
}
