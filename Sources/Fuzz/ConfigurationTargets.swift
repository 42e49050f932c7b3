// Settings in JSON, and a model's folder with a hostile configuration.

import Checkpoints
import Encoders
import Foundation
import Pruning
import Text
import Training

extension Target {
  /// Everything that is read as JSON: what can be read is equal when written and read again.
  static func json() -> Target {
    let texts = [
      #"{"steps":[{"command":"pare train","arguments":["--seed","1"],"seed":1,"data":{"a":"b"},"#
        + #""figures":{"accuracy":0.5},"version":"1"}]}"#,
      #"{"epochs":3,"batchSize":16,"learningRate":5e-5}"#, "{}",
    ]
    let list = #"[1,-2.5e3,null,"\u00e9\n"]"#
    let plans = (try? StrictJSON.encode(TrainingOptions())).map { [$0] } ?? []
    let seeds = texts.map { Data($0.utf8) } + plans
    return Target(seeds: seeds, unsound: [Data(list.utf8)]) { data in
      let errors = [
        readTwice(ModelCard.self, data),
        readTwice(ModelCard.self, data, over: ModelCard()),
        readTwice(TrainingOptions.self, data, over: TrainingOptions()),
        readTwice(PruningPlan.self, data),
        readTwice(ImportanceScores.self, data),
        readTwice(EncoderConfiguration.self, data),
      ]
      if let error = errors[0], errors.allSatisfy({ $0 != nil }) { throw error }
    }
  }

  /// `config.json` beside sound weights and a sound tokenizer.
  static func configuration(in folder: URL) throws -> Target {
    let model = folder.appendingPathComponent("model")
    let tokenizer = try trainedTokenizer()
    let configuration = EncoderConfiguration(
      vocabularySize: tokenizer.vocabulary.size, hiddenSize: 4, maximumPositions: 8,
      layers: [LayerShape(headCount: 2, headSize: 2, intermediateSize: 3)])
    try SavedClassifier(
      classifier: DenseClassifier(configuration, seed: 1), tokenizer: tokenizer,
      labelNames: ["no", "yes"], card: ModelCard()
    ).write(to: model)
    let url = model.appendingPathComponent("config.json")
    return Target(seeds: [try Data(contentsOf: url)]) { data in
      put(data, url)
      let saved = try SavedClassifier(contentsOf: model)
      let found = saved.classifier.configuration
      precondition(saved.labelNames.count == found.labelCount)
      mustNotThrow("a model that was read is written") {
        let copy = folder.appendingPathComponent("copy")
        try saved.write(to: copy)
        let again = try SavedClassifier(contentsOf: copy)
        precondition(again.classifier.configuration == found)
        precondition(again.labelNames == saved.labelNames)
      }
    }
  }

  /// The error of what cannot be read.
  private static func readTwice<Value: Codable & Equatable>(
    _ type: Value.Type, _ data: Data, over defaults: Value? = nil
  ) -> CheckpointError? {
    let value: Value
    do { value = try StrictJSON.decode(type, from: data, over: defaults, path: "file") } catch {
      precondition(error.description.hasPrefix("file: "), error.description)
      return error
    }
    mustNotThrow("\(type) that was read is written") {
      let again = try StrictJSON.decode(type, from: StrictJSON.encode(value), path: "file")
      precondition(again == value, "\(again) is not \(value)")
    }
    return nil
  }
}
