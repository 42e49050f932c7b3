import Checkpoints
import Encoders
import Foundation
import Testing

/// Numbers at the end of what is accepted.
@Suite struct HuggingFaceHostileTests {
  /// XLM-RoBERTa's first position is the one after the padding's, so the padding must leave one.
  @Test(arguments: [1 << 24, 1 << 24 + 1, Int.max])
  func paddingThatLeavesNoPositionIsRefused(padding: Int) throws {
    try expectRefusal(.xlmRoBERTa, ["pad_token_id": padding], of: "pad_token_id")
  }

  @Test func theLastPaddingThatLeavesAPositionNeedsThatPosition() throws {
    try expectRefusal(
      .xlmRoBERTa, ["pad_token_id": 1 << 24 - 1], of: "max_position_embeddings")
  }

  private func expectRefusal(
    _ family: ModelFamily, _ numbers: [String: Int], of key: String
  ) throws {
    let error = try HuggingFaceFixture(family).withCopy { folder in
      try editConfiguration(folder) { fields in
        for (key, number) in numbers { fields[key] = number }
      }
      return #expect(throws: CheckpointError.self) { try SavedClassifier(contentsOf: folder) }
    }
    guard case .invalidJSON(let path, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path.hasSuffix("config.json"))
    #expect(reason.hasPrefix("\(key): expected a whole number"), "\(reason)")
  }
}
