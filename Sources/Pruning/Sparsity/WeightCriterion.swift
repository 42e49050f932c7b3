// The criteria for single weights by name.

/// The ways to tell how much a single weight matters.
public enum WeightCriterion: String, Codable, CaseIterable, Sendable {
  /// Its absolute value (Han et al., 2015, arXiv:1506.02626).
  case magnitude
  /// Its absolute value times the size of its input (Sun et al., 2023, arXiv:2306.11695).
  case wanda
  /// What the loss changes by, to first order (Molchanov et al., 2019, arXiv:1906.10771).
  case taylor
  /// What the loss rises by, to second order, by the diagonal of the Fisher information.
  case fisher
  /// What a layer's output changes by when the other weights make up for it (Frantar & Alistarh,
  /// 2023, arXiv:2301.00774).
  case secondOrder = "second-order"
  /// What it moved by while the model trained, away from zero or towards it (Sanh et al., 2020,
  /// arXiv:2005.07683).
  case movement
  /// By chance: the floor that every criterion has to beat.
  case random

  /// Whether it wants to see examples before anything is cut.
  public var needsData: Bool {
    switch self {
    case .wanda, .taylor, .fisher, .secondOrder: true
    case .magnitude, .movement, .random: false
    }
  }

  /// Which weights compete unless told: scores that follow from a layer's own inputs are compared
  /// within it.
  public var usualScope: SparsityScope {
    switch self {
    case .magnitude, .taylor, .fisher, .movement, .random: .global
    case .wanda: .output
    case .secondOrder: .matrix
    }
  }

  /// The importance that it stands for; `nil` for what is no score of a model as it is: movement
  /// shows in training, and the second order changes weights as it goes.
  func make(seed: UInt64) -> (any WeightImportance)? {
    switch self {
    case .magnitude: WeightMagnitude()
    case .wanda: WeightWanda()
    case .taylor: WeightTaylor()
    case .fisher: WeightFisher()
    case .random: RandomWeights(seed: seed)
    case .secondOrder, .movement: nil
    }
  }
}
