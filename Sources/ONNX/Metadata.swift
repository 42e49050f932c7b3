// What the graph does not say of a model: labels, sizes, tokenizer, history.

import Encoders
import Foundation
import SwiftProtobuf
import Text

/// Each is a key with JSON; equal models give equal bytes.
func metadata(of saved: SavedClassifier) throws -> [StringStringEntryProto] {
  let configuration = saved.classifier.configuration
  func entry(_ key: String, _ value: some Encodable) throws -> StringStringEntryProto {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = String(decoding: try encoder.encode(value), as: UTF8.self)
    return StringStringEntryProto.with {
      $0.key = "pare." + key
      $0.value = json
    }
  }
  // The name of the type is the kind's name: there is no list of all kinds to keep in step.
  let kind = String(describing: type(of: saved.tokenizer))
  return [
    try entry("labels", saved.labelNames),
    try entry("hiddenSize", configuration.hiddenSize),
    try entry("layers", configuration.layers),
    try entry("maximumLength", configuration.maximumLength),
    try entry("tokenizer", kind),
    try entry("vocabulary", saved.tokenizer.vocabulary),
    try entry("card", saved.card),
  ]
}
