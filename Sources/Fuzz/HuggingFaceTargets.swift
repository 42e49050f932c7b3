// config.json of other projects.

import Checkpoints
import Encoders
import Foundation
import Tensors
import Text

extension Target {
  /// `config.json` without the key `pare`, beside sound weights and a sound tokenizer: of the
  /// family that is named in it, or of a BERT encoder alone.
  static func huggingFace(in folder: URL) throws -> Target {
    var places: [(mark: String, folder: URL)] = []
    var seeds: [Data] = []
    for family in ModelFamily.allCases {
      let place = folder.appendingPathComponent(family.rawValue)
      try HuggingFaceExport(tinyModel(family, in: folder)).write(to: place)
      seeds.append(try Data(contentsOf: place.appendingPathComponent("config.json")))
      places.append((family.rawValue, place))
    }
    let encoder = folder.appendingPathComponent("encoder")
    try FileManager.default.copyItem(at: places[0].folder, to: encoder)
    try keepEncoder(encoder.appendingPathComponent("model.safetensors"))
    let text = String(decoding: seeds[0], as: UTF8.self)
    seeds.append(Data(text.replacing("BertForSequenceClassification", with: "BertModel").utf8))
    places.append(("BertModel", encoder))

    // The last padding that is a number of a size leaves no position after it.
    let xlm = String(decoding: seeds[2], as: UTF8.self)
    let far = xlm.replacing(/"pad_token_id" *: *1/, with: "\"pad_token_id\":16777216")

    let device = Device(threads: 1)
    return Target(seeds: seeds, unsound: [Data(far.utf8)]) { [places] data in
      let marked = places.last { data.range(of: Data($0.mark.utf8)) != nil }
      let place = (marked ?? places[0]).folder
      put(data, place.appendingPathComponent("config.json"))
      let saved = try SavedClassifier(contentsOf: place)
      let found = saved.classifier.configuration
      precondition(saved.labelNames.count == found.labelCount)
      checkWriting(saved, in: folder)
      do {
        let logits = try TextClassifier(saved, on: device).logits([Example(text: "A fine film.")])
        precondition(logits.count == 1 && logits[0].count == found.labelCount)
      } catch { precondition(found.maximumLength < 3, "\(error)") }
    }
  }

  /// Written as ours and as theirs, the model has the same sizes and labels when it is read again.
  private static func checkWriting(_ saved: SavedClassifier, in folder: URL) {
    let copy = folder.appendingPathComponent("copy")
    mustNotThrow("a model that was read is written") {
      try saved.write(to: copy)
      try checkSame(SavedClassifier(contentsOf: copy), saved)
      let export: HuggingFaceExport
      // XLM-RoBERTa's positions must begin after the tokenizer's padding.
      do { export = try HuggingFaceExport(saved) } catch { return }
      precondition(!export.isFilled)
      try export.write(to: copy)
      try checkSame(SavedClassifier(contentsOf: copy), saved)
    }
  }

  private static func checkSame(_ again: SavedClassifier, _ saved: SavedClassifier) {
    let (found, expected) = (again.classifier.configuration, saved.classifier.configuration)
    precondition(found == expected, "\(found) is not \(expected)")
    precondition(again.labelNames == saved.labelNames)
  }

  private static func tinyModel(_ family: ModelFamily, in folder: URL) throws -> SavedClassifier {
    let files = folder.appendingPathComponent("tokenizer of \(family.rawValue)")
    let isXLM = family == .xlmRoBERTa
    try makeFolder(
      files,
      isXLM
        ? ["sentencepiece.bpe.model": smallXLMRobertaModels()[0]]
        : ["vocab.txt": Data(WordPieceSeeds.vocabulary.utf8)])
    let tokenizer = try TokenizerFolder.read(files)
    let configuration = EncoderConfiguration(
      vocabularySize: tokenizer.vocabulary.size, hiddenSize: 4,
      maximumPositions: isXLM ? 10 : 8, firstPosition: isXLM ? 2 : 0,
      tokenTypeCount: family == .distilBERT ? 0 : 2,
      poolerActivation: family == .distilBERT ? .relu : .tanh,
      layers: [LayerShape(headCount: 2, headSize: 2, intermediateSize: 3)])
    return SavedClassifier(
      classifier: DenseClassifier(configuration, seed: 1), tokenizer: tokenizer,
      labelNames: ["no", "yes"], card: ModelCard())
  }

  /// Takes the classifier and the pooler away from weights.
  private static func keepEncoder(_ url: URL) throws {
    let file = try SafetensorsFile(contentsOf: url)
    let names = file.names.filter { !$0.hasPrefix("classifier.") && !$0.contains("pooler.") }
    let tensors = try names.map { (name: $0, tensor: try file.tensor($0)) }
    try SafetensorsFile.write(tensors, to: url)
  }
}
