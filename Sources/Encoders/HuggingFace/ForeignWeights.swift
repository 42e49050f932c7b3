// The weights of another project's checkpoint as a model of ours.

import Checkpoints
import Tensors

/// Finds each parameter of a family's model in the files, and checks all shapes before anything is
/// read.
struct ForeignWeights {
  private let files: TensorFiles
  private let shape: ForeignShape
  private let names: ForeignNames
  /// The parts that the files have not.
  private let fresh: [String]

  /// As many parameters as may be made anew: 256 MB. Sizes that no tensor confirms are only claims.
  private static let harmlessCount = 1 << 26

  init(_ files: TensorFiles, _ shape: ForeignShape) {
    self.files = files
    self.shape = shape
    let names = ForeignNames(shape.family, in: files)
    self.names = names
    let parameters = shape.configuration.parameterShapes
    fresh = ["pooler", "classifier"].filter { !names.hasPart($0 + ".", of: parameters) }
  }

  /// Whether the files are of an encoder alone.
  var hasNoClassifier: Bool { fresh.contains("classifier") }

  /// The model, with a new pooler or classifier where the files have none, and what its user should
  /// know of it.
  func classifier(seed: UInt64) throws(CheckpointError) -> (DenseClassifier, notes: [String]) {
    let leftOut = try check()
    // Streams of their own, so that a new classifier does not depend on the pooler's being there.
    var streams = [
      "pooler": RandomStream(newPart: 0, seed), "classifier": RandomStream(newPart: 1, seed),
    ]
    let model = try DenseClassifier(shape.configuration) { (name, shape) throws(CheckpointError) in
      guard let part = freshPart(of: name) else { return try read(name, shape) }
      guard shape.count == 2, var stream = streams[part] else { return Tensor(zeros: shape) }
      defer { streams[part] = stream }
      return Tensor(normal: 0.02, shape: shape, from: &stream)
    }
    var notes: [String] = []
    if !leftOut.isEmpty {
      notes.append("\(files.path): left out what a classifier has no use for: \(leftOut.listed)")
    }
    if !fresh.isEmpty {
      let missing = fresh.flatMap { names.sources(of: $0 + ".weight") }.joined(separator: " and ")
      notes.append(
        "\(files.path): has no \(missing): the \(fresh.joined(separator: " and ")) "
          + "\(fresh.count == 1 ? "is" : "are") new, random from seed \(seed); "
          + "train before the answers mean anything")
    }
    return (model, notes)
  }

  private func freshPart(of parameter: String) -> String? {
    fresh.first { parameter.hasPrefix($0 + ".") }
  }

  /// Compares every shape, and returns the known tensors that no parameter takes. Any other tensor
  /// is an error, and so is a part of which only some is there.
  private func check() throws(CheckpointError) -> [String] {
    var unused = Set(files.names)
    var freshCount = 0
    for (parameter, shape) in shape.configuration.parameterShapes {
      guard freshPart(of: parameter) == nil else {
        freshCount += shape.reduce(1, *)
        continue
      }
      let sources = names.sources(of: parameter)
      for name in sources {
        guard let found = files.shape(of: name) else {
          throw .missingTensor(path: files.path, name: name)
        }
        let expected = [shape[0] / sources.count] + shape.dropFirst()
        guard found == expected else {
          throw .wrongShape(
            path: files.path(of: name), name: name, expected: expected, found: found)
        }
        unused.remove(name)
      }
    }
    if let part = fresh.first, freshCount > Self.harmlessCount {
      throw .missingTensor(path: files.path, name: names.sources(of: part + ".weight")[0])
    }
    for name in unused.sorted() where !shape.family.isLeftOut(name) {
      throw .unexpectedTensor(path: files.path(of: name), name: name)
    }
    return unused.sorted()
  }

  private func read(_ parameter: String, _ shape: [Int]) throws(CheckpointError) -> Tensor {
    let sources = names.sources(of: parameter)
    guard sources.count != 1 else { return try files.tensor(sources[0]) }
    var parts: [Tensor] = []
    for name in sources { parts.append(try files.tensor(name)) }
    return parts.isEmpty ? Tensor(zeros: shape) : Tensor(joining: parts)
  }
}
