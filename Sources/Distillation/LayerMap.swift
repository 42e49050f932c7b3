// Which of the teacher's layers each layer of the student follows.

/// Which of the teacher's layers each layer of the student follows; layers count from 0 at the
/// bottom.
///
/// Its text, in JSON too, is `uniform`, `last`, or the teacher's layers such as `1,3,5`.
public enum LayerMap: Equatable, Sendable {
  /// Spread evenly over the teacher, the last following the last (Jiao et al., 2020,
  /// arXiv:1909.10351; "skip" in Sun et al., 2019, arXiv:1908.09355): of 6 layers, 3 follow 1, 3,
  /// 5.
  case uniform
  /// The teacher's last layers ("last" in Sun et al., 2019): of 6 layers, 3 follow 3, 4, 5.
  case last
  /// A layer of the teacher for each of the student's.
  case given([Int])

  /// For each of `studentLayers` layers one of `teacherLayers`.
  public func layers(
    ofStudent studentLayers: Int, teacher teacherLayers: Int
  ) throws(DistillationError) -> [Int] {
    switch self {
    case .uniform, .last:
      guard studentLayers <= teacherLayers else {
        throw .invalidLayerMap(
          reason: "expected a student of at most the teacher's \(teacherLayers) layers, found "
            + "\(studentLayers); name a layer of the teacher for each")
      }
      return (0..<studentLayers).map { layer in
        guard self == .uniform else { return teacherLayers - studentLayers + layer }
        // (layer + 1) · teacher / student, rounded, halves upwards.
        return (2 * (layer + 1) * teacherLayers + studentLayers) / (2 * studentLayers) - 1
      }
    case .given(let layers):
      guard layers.count == studentLayers else {
        throw .invalidLayerMap(
          reason: "expected a layer of the teacher for each of the student's \(studentLayers), "
            + "found \(layers.count)")
      }
      if let outside = layers.first(where: { !(0..<teacherLayers).contains($0) }) {
        throw .invalidLayerMap(
          reason: "layer \(outside) is not there; the teacher has \(teacherLayers), counted from 0")
      }
      return layers
    }
  }
}

extension LayerMap: LosslessStringConvertible {
  public init?(_ text: String) {
    switch text {
    case "uniform": self = .uniform
    case "last": self = .last
    default:
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      let layers = parts.compactMap { Int($0) }
      guard layers.count == parts.count else { return nil }
      self = .given(layers)
    }
  }

  public var description: String {
    switch self {
    case .uniform: "uniform"
    case .last: "last"
    case .given(let layers): layers.map(String.init).joined(separator: ",")
    }
  }
}

extension LayerMap: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let map = LayerMap(text) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "expected uniform, last or layers such as 1,3,5; found \(text.prefix(40))"
      )
    }
    self = map
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
