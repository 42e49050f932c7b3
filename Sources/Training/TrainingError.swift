// What can go wrong while training.

/// Why training cannot begin or go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// A number became NaN or infinite.
  case notFinite(step: Int, what: String)
  /// An option outside its range.
  case invalidOption(name: String, expected: String, found: String)
  /// No examples.
  case noData(what: String)
  /// The saved state is of another run.
  case otherRun(path: String, difference: String)
  /// Somebody asked to stop; the state was saved.
  case interrupted(step: Int)

  public var description: String {
    switch self {
    case .notFinite(let step, let what):
      "step \(step): \(what) is not finite; lower --learning-rate or lengthen --warmup"
    case .invalidOption(let name, let expected, let found):
      "\(name): expected \(expected), found \(found)"
    case .noData(let what): "\(what): there are no examples to work on"
    case .otherRun(let path, let difference):
      "\(path): belongs to another run (\(difference)); give the same arguments to resume it, "
        + "or leave out --resume to begin anew"
    case .interrupted(let step):
      "interrupted at step \(step); the state was saved, --resume goes on from there"
    }
  }
}

extension TrainingOptions {
  /// Throws for a number that cannot be meant.
  public func validate() throws(TrainingError) {
    func check(_ name: String, _ isSound: Bool, _ expected: String, _ found: some Any)
      throws(TrainingError)
    {
      guard isSound else {
        throw .invalidOption(name: name, expected: expected, found: "\(found)")
      }
    }
    try check("epochs", epochs >= 0, "0 or more", epochs)
    try check("batch", batchSize >= 1, "1 or more", batchSize)
    try check("learning-rate", learningRate >= 0 && learningRate < 10, "0 to 10", learningRate)
    try check("warmup", (0...1).contains(warmup), "a share from 0 to 1", warmup)
    try check("weight-decay", weightDecay >= 0 && weightDecay < 10, "0 to 10", weightDecay)
    try check("clip", clipNorm >= 0 && clipNorm.isFinite, "0 or more", clipNorm)
    try check("beta1", (0..<1).contains(beta1), "0 to below 1", beta1)
    try check("beta2", (0..<1).contains(beta2), "0 to below 1", beta2)
    try check("epsilon", epsilon > 0 && epsilon < 1, "above 0 and below 1", epsilon)
    try check("dropout", (0..<1).contains(dropout), "0 to below 1", dropout)
    try check(
      "attention-dropout", (0..<1).contains(attentionDropout), "0 to below 1", attentionDropout)
    try check("layer-decay", layerDecay > 0 && layerDecay <= 1, "above 0 to 1", layerDecay)
    try check("label-smoothing", (0..<1).contains(labelSmoothing), "0 to below 1", labelSmoothing)
    try check("patience", patience >= 0, "0 or more", patience)
    try check(
      "save-interval", saveInterval >= 0 && saveInterval < 1e9, "seconds, 0 or more", saveInterval)
  }
}
