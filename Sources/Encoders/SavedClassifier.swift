// A model's folder: weights, sizes, tokenizer, labels and history.

public import Checkpoints
public import Foundation
public import Tensors
public import Text

/// A classifier with all that it needs to read text: loads with no parent at hand, whatever was cut
/// from it.
public struct SavedClassifier: Sendable {
  /// The weights and sizes.
  public var classifier: DenseClassifier
  /// Turns text into ids.
  public var tokenizer: any Tokenizer
  /// A name for each class.
  public var labelNames: [String]
  /// How the model came to be.
  public var card: ModelCard
  /// The family of the checkpoint that it was read from; `nil` for a folder of ours.
  public private(set) var family: ModelFamily?
  /// Whether the classifier is random, because the checkpoint was of an encoder alone: its labels
  /// are placeholders until ``renewClassifier(labelNames:seed:)``.
  public var isClassifierNew = false
  /// What somebody who uses the model should know of how it was read, in whole sentences.
  public private(set) var notes: [String]

  /// A classifier ready to be written; sizes of its parts must agree.
  public init(
    classifier: DenseClassifier, tokenizer: any Tokenizer, labelNames: [String],
    card: ModelCard
  ) {
    precondition(labelNames.count == classifier.configuration.labelCount, "\(labelNames)")
    self.classifier = classifier
    self.tokenizer = tokenizer
    self.labelNames = labelNames
    self.card = card
    notes = []
  }

  /// Reads a folder: one of ours, or a checkpoint of a ``ModelFamily`` as Hugging Face has them.
  ///
  /// Throws `CheckpointError` or `TextError`: a file that is missing or unsound, weights of other
  /// shapes than config.json gives, a model of another kind. `seed` is for parts that a checkpoint
  /// does not have, such as the classifier of an encoder; `notes` name them.
  public init(contentsOf folder: URL, seed: UInt64 = 0) throws {
    let configurationURL = folder.appendingPathComponent("config.json")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw CheckpointError.missing(path: folder.path, hint: "expected a model folder")
    }
    for names in Self.neededFiles
    where !names.contains(where: {
      FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
    }) {
      throw CheckpointError.notAModel(path: folder.path, missing: names[0])
    }
    let fields = try StrictJSON.decode([String: JSONValue].self, contentsOf: configurationURL)
    tokenizer = try TokenizerFolder.read(folder)
    let weights = try TensorFiles(contentsOf: folder)
    if fields["pare"] != nil {
      let file = try StrictJSON.decode(ConfigurationFile.self, contentsOf: configurationURL)
      let configuration = try file.configuration(path: configurationURL.path)
      try tokenizer.vocabulary.check(against: configuration, path: configurationURL.path)
      labelNames = file.labelNames
      classifier = try DenseClassifier(configuration, from: weights)
      isClassifierNew = file.pare.isClassifierNew ?? false
      (family, notes) = (nil, [])
      if isClassifierNew {
        notes = ["\(folder.path): the classifier is new; train before the answers mean anything"]
      }
    } else {
      let shape = try ForeignShape(fields, path: configurationURL.path)
      try tokenizer.vocabulary.check(against: shape.configuration, path: configurationURL.path)
      labelNames = shape.labelNames
      let foreign = ForeignWeights(weights, shape)
      let (model, notes) = try foreign.classifier(seed: seed)
      (classifier, isClassifierNew) = (model, foreign.hasNoClassifier)
      (family, self.notes) = (shape.family, shape.notes + notes)
    }
    let cardURL = folder.appendingPathComponent("card.json")
    card =
      FileManager.default.fileExists(atPath: cardURL.path)
      ? try StrictJSON.decode(ModelCard.self, contentsOf: cardURL) : ModelCard()
  }

  /// Puts a random classifier of these labels in place of one that was never trained.
  public mutating func renewClassifier(labelNames: [String], seed: UInt64) {
    precondition(isClassifierNew, "the classifier was trained")
    self.labelNames = labelNames
    classifier.replaceClassifier(labelCount: labelNames.count, seed: seed)
  }

  /// The longest sequence to read: what is asked for, or else what is usual and the tokenizer's own
  /// settings allow; never more than the model has positions for.
  public func sequenceLength(_ asked: Int? = nil, usually usual: Int = .max) -> Int {
    min(
      asked ?? min(usual, tokenizer.vocabulary.maximumLength ?? .max),
      classifier.configuration.maximumLength)
  }

  /// What a folder must hold, one of each list.
  private static let neededFiles = [
    ["config.json"], ["model.safetensors", "model.safetensors.index.json"],
    ["tokenizer.model", "sentencepiece.bpe.model", "tokenizer.json", "vocab.txt"],
  ]

  /// Writes the folder beside `folder` and renames it. `extraFiles` go with it, by name. Matrices
  /// with enough zeros are stored without them.
  public func write(
    to folder: URL, as type: ElementType = .f32, extraFiles: [String: Data] = [:]
  ) throws {
    let configuration = try StrictJSON.encode(
      ConfigurationFile(
        classifier.configuration, labelNames: labelNames, isClassifierNew: isClassifierNew))
    let history = try StrictJSON.encode(card)
    try AtomicFile.writeFolder(folder) { folder in
      func put(_ data: Data, _ name: String) throws {
        try AtomicFile.write(data, to: folder.appendingPathComponent(name))
      }
      try put(configuration, "config.json")
      try put(history, "card.json")
      for (name, data) in try tokenizer.files() { try put(data, name) }
      for (name, data) in extraFiles { try put(data, name) }
      try SafetensorsFile.write(
        classifier.parameters, as: type, metadata: ["format": "pare"], omittingZeros: true,
        to: folder.appendingPathComponent("model.safetensors"))
    }
  }
}

extension Vocabulary {
  /// Throws if the model has no embedding for some piece, or for the second text of a pair.
  fileprivate func check(
    against configuration: EncoderConfiguration, path: String
  ) throws(CheckpointError) {
    guard size <= configuration.vocabularySize else {
      throw .invalidJSON(
        path: path,
        reason: "vocab_size: expected at least the tokenizer's \(size) pieces, found "
          + "\(configuration.vocabularySize)")
    }
    let types = configuration.tokenTypeCount
    guard types == 0 || secondTextType < types else {
      throw .invalidJSON(
        path: path,
        reason:
          "type_vocab_size: expected 0, or at least \(secondTextType + 1) for the tokenizer's "
          + "pairs of texts, found \(types)")
    }
  }
}

extension SequenceClassifier where P == Linear {
  /// The weights of `file`, which must hold exactly the tensors that `configuration` needs.
  public init(
    _ configuration: EncoderConfiguration, from file: TensorFiles
  ) throws(CheckpointError) {
    // All shapes first: a slip in config.json must not take all memory.
    var known: Set<String> = []
    for (name, expected) in configuration.parameterShapes {
      guard let found = file.shape(of: name) else {
        throw .missingTensor(path: file.path, name: name)
      }
      guard found == expected else {
        throw .wrongShape(
          path: file.path(of: name), name: name, expected: expected, found: found)
      }
      known.insert(name)
    }
    for name in file.names where !known.contains(name) {
      throw .unexpectedTensor(path: file.path(of: name), name: name)
    }
    try self.init(configuration) { (name, _) throws(CheckpointError) in try file.tensor(name) }
  }
}
