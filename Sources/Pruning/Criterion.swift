// The criteria by name.

/// The ways to tell how much a unit matters.
public enum Criterion: String, Codable, CaseIterable, Sendable {
  /// The mean of |∂loss/∂gate| (Michel et al., 2019).
  case gateGradient = "gate-gradient"
  /// What the loss changes by, to first order (Molchanov et al., 2019).
  case taylor
  /// What the loss rises by, to second order, by the diagonal of the Fisher information (Kwon et
  /// al., 2022).
  case fisher
  /// The same with what a layer's units have in common (Kwon et al., 2022).
  case fisherBlock = "fisher-block"
  /// What the loss rises by when the others make up for the unit as well as they can (Kurtic et
  /// al., 2023).
  case secondOrder = "second-order"
  /// The size of the unit's weights: Euclidean norm.
  case magnitude
  /// The size of the unit's weights: sum of absolute values.
  case magnitudeL1 = "magnitude-l1"
  /// The mean size of what the unit gives (Molchanov et al., 2017).
  case activation
  /// How often a neuron is active: one minus APoZ (Hu et al., 2016).
  case activeShare = "active-share"
  /// The size of activations times that of the weights that read them (Sun et al., 2023).
  case wanda
  /// A head's mean largest attention (Voita et al., 2019).
  case attentionConfidence = "attention-confidence"
  /// How little a head spreads its attention: its mean negative entropy (Clark et al., 2019).
  case attentionEntropy = "attention-entropy"
  /// The unit's share in the right logit, by layer-wise relevance propagation (Voita et al., 2019).
  case relevance
  /// How far open gates stay that are trained to close (Louizos et al., 2018; CoFi, Xia et al.,
  /// 2022).
  case learnedGates = "learned-gates"
  /// What the loss rises by when the unit is closed: the truth, at the price of one pass a unit.
  case ablation
  /// By chance: the floor that every criterion has to beat.
  case random

  /// What it can score.
  public var units: [PruningUnit] {
    switch self {
    case .gateGradient, .taylor, .fisher, .learnedGates, .ablation:
      [.layers, .heads, .neurons, .channels]
    case .activation: [.heads, .neurons, .channels]
    case .secondOrder, .fisherBlock, .wanda, .relevance: [.heads, .neurons]
    case .attentionConfidence, .attentionEntropy: [.heads]
    case .activeShare: [.neurons]
    case .magnitude, .magnitudeL1, .random: PruningUnit.allCases
    }
  }

  /// Whether it wants to see examples.
  public var needsData: Bool { !make(for: [], seed: 0).observes.isEmpty }

  /// A new criterion that will be asked for scores of `units`; `seed` is for chance.
  public func make(for units: [PruningUnit], seed: UInt64) -> any ImportanceCriterion {
    switch self {
    case .gateGradient: GateGradient()
    case .taylor: Taylor()
    case .fisher: Fisher()
    case .fisherBlock: FisherBlock()
    case .secondOrder: SecondOrder()
    case .magnitude: Magnitude(norm: .euclidean)
    case .magnitudeL1: Magnitude(norm: .absolute)
    case .activation: ActivationMagnitude()
    case .activeShare: ActiveShare()
    case .wanda: Wanda()
    case .attentionConfidence: AttentionFocus(.confidence)
    case .attentionEntropy: AttentionFocus(.negativeEntropy)
    case .relevance: RelevanceImportance()
    case .learnedGates: LearnedGates(seed: seed)
    case .ablation: Ablation(units: units)
    case .random: RandomImportance(seed: seed)
    }
  }
}
