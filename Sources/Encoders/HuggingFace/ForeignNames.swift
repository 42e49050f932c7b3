// Which tensors of a file a parameter is made of.

public import Checkpoints

/// How one file of a family names its tensors; a file of ours names them as we do.
struct ForeignNames {
  private let family: ModelFamily?
  private let prefix: String
  private let found: Set<String>

  init(_ family: ModelFamily?, in files: TensorFiles) {
    let found = Set(files.names)
    self.family = family
    self.found = found
    // An encoder that was saved alone has no prefix.
    prefix =
      family.map(\.prefix).flatMap { prefix in
        found.contains { $0.hasPrefix(prefix) } ? prefix : nil
      } ?? ""
  }

  /// The names of one of our parameters, whether or not the file has them: three where we keep
  /// queries, keys and values in one. Files of BERT's first release say gamma and beta for a
  /// normalization's weight and bias.
  func sources(of parameter: String) -> [String] {
    guard let family else { return [parameter] }
    return family.tensorNames(of: parameter, prefix: prefix).map { name in
      guard !found.contains(name) else { return name }
      let older = name.replacing("LayerNorm.weight", with: "LayerNorm.gamma")
        .replacing("LayerNorm.bias", with: "LayerNorm.beta")
      return found.contains(older) ? older : name
    }
  }

  /// Whether the file has some tensor of the parameters whose names begin with `part`.
  func hasPart(_ part: String, of parameters: [(name: String, shape: [Int])]) -> Bool {
    parameters.contains { parameter in
      parameter.name.hasPrefix(part) && sources(of: parameter.name).contains(where: found.contains)
    }
  }
}

extension EncoderConfiguration {
  /// The bytes that each part of a model takes in its files; `family` names their tensors, `nil` is
  /// ours. What a model has no use for is not counted.
  public func storedBytes(in files: TensorFiles, family: ModelFamily?) -> Cost.Parts {
    let names = ForeignNames(family, in: files)
    return parts { name in names.sources(of: name).reduce(0) { $0 + files.byteCount(of: $1) } }
  }

  /// Those among them that say which blocks of a matrix are not zero.
  public func storedMaskBytes(in files: TensorFiles, family: ModelFamily?) -> Cost.Parts {
    let names = ForeignNames(family, in: files)
    return parts { name in names.sources(of: name).reduce(0) { $0 + files.maskByteCount(of: $1) } }
  }

  /// Sums an amount of each parameter, by part.
  public func parts(_ amount: (_ parameter: String) -> Int) -> Cost.Parts {
    var parts = Cost.Parts(embeddings: 0, attention: 0, feedForward: 0, head: 0)
    for (name, _) in parameterShapes {
      let amount = amount(name)
      if name.hasPrefix("embeddings.") {
        parts.embeddings += amount
      } else if name.contains(".attention.") {
        parts.attention += amount
      } else if name.contains(".feedForward.") {
        parts.feedForward += amount
      } else {
        parts.head += amount
      }
    }
    return parts
  }
}
