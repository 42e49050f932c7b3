// The weights of another project's checkpoint as a model of ours.

import Checkpoints
import Tensors

/// Finds each parameter of a family's model in a file and checks all shapes before anything is read.
struct ForeignWeights {
  let file: TensorFiles
  let shape: ForeignShape
  private let prefix: String
  private let names: Set<String>

  /// As many parameters as may be made anew for a file that has fewer: 256 MB.
  private static let harmlessCount = 1 << 26

  init(_ file: TensorFiles, _ shape: ForeignShape) {
    self.file = file
    self.shape = shape
    names = Set(file.names)
    let prefix = shape.family.prefix
    self.prefix = names.contains { $0.hasPrefix(prefix) } ? prefix : ""
  }

  /// The model, with a fresh pooler or classifier where the file has none, and what the reader
  /// should know of it.
  func classifier(seed: UInt64) throws(CheckpointError) -> (DenseClassifier, notes: [String]) {
    let parameters = shape.configuration.parameterShapes
    let fresh = ["pooler", "classifier"].filter { part in
      parameters.filter { $0.name.hasPrefix(part + ".") }
        .allSatisfy { sources(of: $0.name).allSatisfy { !names.contains($0) } }
    }
    func isFresh(_ name: String) -> Bool { fresh.contains { name.hasPrefix($0 + ".") } }
    var used: Set<String> = []
    var freshCount = 0
    for (name, shape) in parameters {
      if isFresh(name) {
        freshCount += shape.reduce(1, *)
      } else {
        used.formUnion(try check(name, shape))
      }
    }
    guard freshCount < Self.harmlessCount else {
      throw .missingTensor(path: file.path, name: sources(of: fresh[0] + ".weight")[0])
    }
    let leftOut = try checkLeftOver(names.subtracting(used))
    // Streams of their own, so that a fresh classifier does not depend on the pooler's being there.
    var streams = [
      "pooler": RandomStream(seed, 0xf4e5, 0), "classifier": RandomStream(seed, 0xf4e5, 1),
    ]
    let model = try DenseClassifier(shape.configuration) { (name, shape) throws(CheckpointError) in
      guard isFresh(name) else { return try read(name, shape) }
      guard shape.count == 2, let part = name.split(separator: ".").first.map(String.init),
        var stream = streams[part]
      else { return Tensor(zeros: shape) }
      defer { streams[part] = stream }
      return Tensor(normal: 0.02, shape: shape, from: &stream)
    }
    var notes: [String] = []
    if !leftOut.isEmpty {
      notes.append("\(file.path): left out what a classifier has no use for: \(leftOut.listed)")
    }
    if !fresh.isEmpty {
      let missing = fresh.map { sources(of: $0 + ".weight")[0] }.joined(separator: " and ")
      notes.append(
        "\(file.path): has no \(missing): the \(fresh.joined(separator: " and ")) "
          + "\(fresh.count == 1 ? "is" : "are") new, random from seed \(seed); "
          + "train before the answers mean anything")
    }
    return (model, notes)
  }

  /// The names in the file of one of our parameters. Checkpoints of BERT's first releases say gamma
  /// and beta for a normalization's weight and bias.
  private func sources(of parameter: String) -> [String] {
    shape.family.tensorNames(of: parameter, prefix: prefix).map { name in
      guard !names.contains(name) else { return name }
      for (new, old) in [
        ("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta"),
      ]
      where name.hasSuffix(new) {
        let older = name.dropLast(new.count) + old
        if names.contains(String(older)) { return String(older) }
      }
      return name
    }
  }

  /// The names of a parameter's tensors, once they are seen to have the right shapes.
  private func check(_ parameter: String, _ shape: [Int]) throws(CheckpointError) -> [String] {
    let sources = sources(of: parameter)
    guard let whole = shape.first, !sources.isEmpty else { return sources }
    let expected = [whole / sources.count] + shape.dropFirst()
    for name in sources {
      guard let found = file.shape(of: name) else {
        throw .missingTensor(path: file.path, name: name)
      }
      guard found == expected else {
        throw .wrongShape(
          path: file.path(of: name), name: name, expected: expected, found: found)
      }
    }
    return sources
  }

  private func read(_ parameter: String, _ shape: [Int]) throws(CheckpointError) -> Tensor {
    let sources = sources(of: parameter)
    guard sources.count != 1 else { return try file.tensor(sources[0]) }
    var parts: [Tensor] = []
    for name in sources { parts.append(try file.tensor(name)) }
    return parts.isEmpty ? Tensor(zeros: shape) : Tensor(joining: parts)
  }

  /// The known tensors among those that no parameter took; any other is an error.
  private func checkLeftOver(_ names: Set<String>) throws(CheckpointError) -> [String] {
    for name in names.sorted() where !shape.family.isLeftOut(name) {
      throw .unexpectedTensor(path: file.path(of: name), name: name)
    }
    return names.sorted()
  }
}
