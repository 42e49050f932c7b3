// What transformers said of a small checkpoint: Scripts/fixtures/families.py wrote it.

import Checkpoints
import Encoders
import Foundation
import Tensors
import TestSupport
import Testing
import Text

/// A family's folder in Fixtures/families, and the batch that its figures are of.
struct HuggingFaceFixture {
  let folder: URL
  private let expected: SafetensorsFile

  init(_ family: ModelFamily) throws {
    let url = Bundle.module.url(
      forResource: "Fixtures/families/\(family.rawValue)", withExtension: nil)
    folder = try #require(url)
    expected = try SafetensorsFile(contentsOf: folder.appending(path: "expected.safetensors"))
  }

  func tensor(_ name: String) throws -> Tensor { try expected.tensor(name) }

  private func integers(_ name: String) throws -> [Int] {
    try tensor(name).elements.map { Int($0) }
  }

  func batch() throws -> TokenBatch {
    TokenBatch(
      ids: try integers("ids").map(Int32.init), typeIDs: try integers("types").map(Int32.init),
      lengths: try integers("lengths"))
  }

  func labels() throws -> [Int] { try integers("labels") }

  func isClose(_ found: Tensor, _ name: String) throws -> Bool {
    relativeDifference(found, try tensor(name)) < Tolerance.parity
  }

  /// Runs `body` with a copy of the checkpoint that may be changed, and removes it after. Without
  /// `expected.safetensors`; `weights` is the file to be the model.
  func withCopy<Result>(
    weights: String = "model.safetensors", _ body: (URL) throws -> Result
  ) throws -> Result {
    try withTemporaryFolder { copy in
      let files = FileManager.default
      try files.createDirectory(at: copy, withIntermediateDirectories: true)
      for name in try files.contentsOfDirectory(atPath: folder.path)
      where !name.hasSuffix(".safetensors") {
        try files.copyItem(at: folder.appending(path: name), to: copy.appending(path: name))
      }
      try files.copyItem(
        at: folder.appending(path: weights), to: copy.appending(path: "model.safetensors"))
      return try body(copy)
    }
  }
}

/// Replaces a folder's `model.safetensors` by what `change` makes of its tensors.
func rewriteWeights(
  _ folder: URL, as type: ElementType = .f32,
  _ change: (inout [(name: String, tensor: Tensor)]) throws -> Void = { _ in }
) throws {
  let url = folder.appending(path: "model.safetensors")
  var tensors: [(name: String, tensor: Tensor)] = []
  let file = try SafetensorsFile(contentsOf: url)
  for name in file.names { tensors.append((name, try file.tensor(name))) }
  try change(&tensors)
  try SafetensorsFile.write(tensors, as: type, to: url)
}

/// Changes the keys of a folder's `config.json`.
func editConfiguration(_ folder: URL, _ change: (inout [String: Any]) -> Void) throws {
  let url = folder.appending(path: "config.json")
  let json = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
  var fields = try #require(json as? [String: Any])
  change(&fields)
  try JSONSerialization.data(withJSONObject: fields).write(to: url)
}
