// Folders that are no sound model: named, and never a crash.

import Foundation
import Testing

@Suite struct DamagedModelTests {
  /// What is done to a copy of the model, and what the message must say.
  struct Damage: Sendable, CustomTestStringConvertible {
    let name: String
    let fragments: [String]
    let apply: @Sendable (Folder) throws -> Void

    init(
      _ name: String, _ fragments: String..., apply: @escaping @Sendable (Folder) throws -> Void
    ) {
      self.name = name
      self.fragments = fragments
      self.apply = apply
    }

    var testDescription: String { name }
  }

  private static let weights = "model/model.safetensors"
  private static let configuration = "model/config.json"

  /// Replaces text in a file.
  private static func edit(_ folder: Folder, _ name: String, _ old: String, _ new: String) throws {
    let text = String(decoding: try folder.data(name), as: UTF8.self)
    try #require(text.contains(old))
    try folder.write(name, text.replacingOccurrences(of: old, with: new))
  }

  /// A weights file with another header, whose length is told as `length` or truly.
  private static func header(_ folder: Folder, _ json: String, length: UInt64? = nil) throws {
    let length = length ?? UInt64(json.utf8.count)
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
    try folder.write(weights, Data(bytes) + Data(json.utf8) + Data(count: 64))
  }

  static let damages = [
    Damage("no folder", "model") { try FileManager.default.removeItem(at: $0["model"]) },
    Damage("an empty folder", "model", "config.json is missing") { folder in
      try FileManager.default.removeItem(at: folder["model"])
      try FileManager.default.createDirectory(
        at: folder["model"], withIntermediateDirectories: true)
    },
    Damage("a file", "model") { folder in
      try FileManager.default.removeItem(at: folder["model"])
      try folder.write("model", "text")
    },
    Damage("no weights", "model.safetensors is missing") {
      try FileManager.default.removeItem(at: $0[weights])
    },
    Damage("no tokenizer", "tokenizer.model is missing") {
      try FileManager.default.removeItem(at: $0["model/tokenizer.model"])
    },
    Damage("empty weights", "model.safetensors", "8 bytes") { try $0.write(weights, "") },
    Damage("truncated weights", "model.safetensors", "bytes") {
      try $0.write(weights, try $0.data(weights).dropLast(1000))
    },
    Damage("half a header", "model.safetensors", "bytes") {
      try $0.write(weights, try $0.data(weights).prefix(100))
    },
    Damage("a header of 2⁶⁴ bytes", "model.safetensors", "18446744073709551615") {
      try header($0, "{}", length: .max)
    },
    Damage("a header that is no JSON", "model.safetensors", "not JSON") {
      try header($0, "nonsense")
    },
    Damage("a tensor beyond the end", "model.safetensors", "pooler.bias", "outside") {
      try header($0, #"{"pooler.bias":{"dtype":"F32","shape":[99],"data_offsets":[0,396]}}"#)
    },
    Damage("a shape that needs more bytes than there are", "model.safetensors", "pooler.bias") {
      try header($0, #"{"pooler.bias":{"dtype":"F32","shape":[17],"data_offsets":[0,64]}}"#)
    },
    Damage("a shape whose product overflows", "model.safetensors", "impossible shape") {
      try header(
        $0,
        #"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,64]}}"#)
    },
    Damage("an unknown type", "model.safetensors", "F7") {
      try header($0, #"{"a":{"dtype":"F7","shape":[16],"data_offsets":[0,64]}}"#)
    },
    Damage("other tensors", "model.safetensors", "expected a tensor named") {
      try header($0, #"{"a":{"dtype":"F32","shape":[16],"data_offsets":[0,64]}}"#)
    },
    Damage("weights that are not numbers", "not finite", "weights are damaged") { folder in
      var data = try folder.data(weights)
      // The last tensor's last bytes: NaN.
      data.replaceSubrange(data.count - 4..<data.count, with: [0, 0, 0xC0, 0x7F])
      try folder.write(weights, data)
    },
    Damage("a wrong width", "expected the shape", "found") {
      try edit($0, configuration, "\"hidden_size\" : 24", "\"hidden_size\" : 25")
    },
    Damage("a wrong vocabulary", "vocab_size") { folder in
      let text = String(decoding: try folder.data(configuration), as: UTF8.self)
      let size = try #require(text.firstMatch(of: #/"vocab_size" : (\d+)/#)).output.0
      try edit(folder, configuration, String(size), "\"vocab_size\" : 100")
    },
    Damage("one head more than there is", "expected the shape", "layers.0") {
      try edit($0, configuration, "\"headCount\" : 3", "\"headCount\" : 4")
    },
    Damage("a number of layers that is not kept to", "num_hidden_layers", "expected 2", "found 3") {
      try edit($0, configuration, "\"num_hidden_layers\" : 2", "\"num_hidden_layers\" : 3")
    },
    Damage("a missing key", "config.json", "hidden_size") {
      try edit($0, configuration, "\"hidden_size\" : 24,", "")
    },
    Damage("an unknown key", "config.json", "unknown key heads") {
      try edit($0, configuration, "\"hidden_size\" : 24,", "\"hidden_size\" : 24, \"heads\": 3,")
    },
    Damage("a size that no machine has room for", "model") {
      try edit(
        $0, configuration, "\"intermediateSize\" : 32", "\"intermediateSize\" : 16777216")
    },
    Damage("a negative size", "config.json", "-24") {
      try edit($0, configuration, "\"hidden_size\" : 24", "\"hidden_size\" : -24")
    },
    Damage("a size with a fraction", "config.json") {
      try edit($0, configuration, "\"hidden_size\" : 24", "\"hidden_size\" : 24.5")
    },
    Damage("no JSON", "config.json") { try $0.write(configuration, "{") },
    Damage("labels without a name", "config.json", "label 1") {
      try edit($0, configuration, "\"1\" : \"positive\"", "\"2\" : \"positive\"")
    },
    Damage("a tokenizer of other bytes", "tokenizer.model") {
      try $0.write("model/tokenizer.model", "no tokenizer")
    },
    Damage("an empty tokenizer", "tokenizer.model") { try $0.write("model/tokenizer.model", "") },
    Damage("a broken card", "card.json") { try $0.write("model/card.json", "{\"steps\": 3}") },
  ]

  @Test(arguments: damages)
  func itIsNamedByEveryCommandThatReadsModels(damage: Damage) throws {
    let folder = try Sample.folder()
    try damage.apply(folder)
    let before = try folder.contents()
    for arguments in [
      ["evaluate", "model", "--data", "test.tsv"], ["predict", "model", "good"],
      ["prune", "model", "--heads", "1", "--data", "train.tsv", "--out", "new"],
    ] {
      let outcome = try folder.start(arguments).wait()
      expectFailure(outcome)
      if arguments[0] == "evaluate" {
        for fragment in damage.fragments {
          #expect(outcome.errors.contains(fragment), "\(outcome.errors)")
        }
      }
    }
    #expect(try folder.contents() == before, "nothing is written")
  }

  /// Two labels of one name are no crash, whatever is made of them.
  @Test func repeatedLabelsDoNotCrash() throws {
    let folder = try Sample.folder()
    try Self.edit(folder, Self.configuration, "\"positive\"", "\"negative\"")
    let outcome = try folder.pare("predict", "model", "--json", "good")
    #expect(outcome.status == 0 || outcome.status == 2)
  }
}
