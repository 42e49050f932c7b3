import Checkpoints
import Foundation
import Tensors
import Testing

@Suite struct TensorFilesTests {
  private let first = Tensor([1, 2, 3], shape: [3])
  private let second = Tensor([4], shape: [1, 1])
  private let index = #"{"metadata": {"total_size": 16}, "weight_map": "#
  private let sound = #"{"a": "1.safetensors", "b": "2.safetensors"}}"#

  /// Runs `body` with a folder of two shards, `a` in the first and `b` in the second.
  private func withShards(_ map: String, _ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { parent in
      let folder = parent.appending(path: "model")
      try SafetensorsFile.write([("a", first)], to: folder.appending(path: "1.safetensors"))
      try SafetensorsFile.write(
        [("b", second)], as: .f16, to: folder.appending(path: "2.safetensors"))
      try Data((index + map).utf8).write(
        to: folder.appending(path: "model.safetensors.index.json"))
      try body(folder)
    }
  }

  /// Expects an index with this map to be refused for a reason that contains all `words`.
  private func expectRefusal(
    _ map: String, _ words: String..., at location: SourceLocation = #_sourceLocation,
    damage: (URL) throws -> Void = { _ in }
  ) throws {
    try withShards(map) { folder in
      try damage(folder)
      let error = #expect(throws: CheckpointError.self, sourceLocation: location) {
        try TensorFiles(contentsOf: folder)
      }
      let path = folder.appending(path: "model.safetensors.index.json").path
      guard case .invalidIndex(path, let reason) = error else {
        Issue.record("\(String(describing: error))", sourceLocation: location)
        return
      }
      for word in words { #expect(reason.contains(word), sourceLocation: location) }
    }
  }

  @Test func aSingleFileIsReadAsItIs() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "model.safetensors")
      try SafetensorsFile.write([("b", second), ("a", first)], to: url)
      for files in [
        try TensorFiles(contentsOf: folder), TensorFiles(try SafetensorsFile(contentsOf: url)),
      ] {
        #expect(files.path == url.path && files.names == ["a", "b"])
        #expect(try files.tensor("a") == first && files.tensor("b") == second)
        #expect(files.path(of: "a") == url.path && files.path(of: "c") == url.path)
      }
    }
  }

  @Test func shardsAreReadAsOne() throws {
    try withShards(sound) { folder in
      let files = try TensorFiles(contentsOf: folder)
      #expect(files.names == ["a", "b"])
      #expect(try files.tensor("a") == first && files.tensor("b") == second)
      #expect(files.shape(of: "a") == [3] && files.shape(of: "b") == [1, 1])
      #expect(files.type(of: "a") == .f32 && files.type(of: "b") == .f16)
      #expect(files.byteCount(of: "a") == 12 && files.byteCount(of: "b") == 2)
      #expect(files.path == folder.appending(path: "model.safetensors.index.json").path)
      #expect(files.path(of: "b") == folder.appending(path: "2.safetensors").path)
      #expect(files.shape(of: "c") == nil && files.type(of: "c") == nil)
      #expect(files.byteCount(of: "c") == 0 && files.path(of: "c") == files.path)
      #expect(throws: CheckpointError.missingTensor(path: files.path, name: "c")) {
        try files.tensor("c")
      }
    }
  }

  @Test func aSingleFileGoesBeforeAnIndex() throws {
    try withShards("nonsense") { folder in
      try SafetensorsFile.write([("c", first)], to: folder.appending(path: "model.safetensors"))
      #expect(try TensorFiles(contentsOf: folder).names == ["c"])
    }
  }

  @Test func aFolderWithNeitherIsNoModel() throws {
    try withTemporaryFolder { folder in
      let error = CheckpointError.notAModel(path: folder.path, missing: "model.safetensors")
      #expect(throws: error) { try TensorFiles(contentsOf: folder) }
    }
  }

  @Test func indexesThatAreNoIndexAreRefused() throws {
    try expectRefusal("", "not sound JSON")
    try expectRefusal("[]}", "expected an object, found [")
    try expectRefusal(#"{"a": 1}}"#, "expected a string, found 1")
    try expectRefusal(#"{"a": "1.safetensors", "a": "2.safetensors"}}"#, "the key a stands twice")
    try expectRefusal(sound + "x", "expected the end, found x")
    try expectRefusal("{}, \"weight_map\": {}}", "the key weight_map stands twice")
    try expectRefusal(sound, "expected the key weight_map") { folder in
      let url = folder.appending(path: "model.safetensors.index.json")
      try Data(#"{"metadata": [1, -2.5e3, null, true, {"x": false}]}"#.utf8).write(to: url)
    }
  }

  @Test(arguments: [
    "../1.safetensors", "/etc/passwd", "sub/1.safetensors", "..", ".", "", "1.bin",
    #"1.safetensors\u0000.safetensors"#,
  ])
  func namesOutsideTheFolderAreRefused(name: String) throws {
    try expectRefusal(#"{"a": "\#(name)", "b": "2.safetensors"}}"#, "expected the name of a .safe")
  }

  @Test func linksOutOfTheFolderAreRefused() throws {
    try expectRefusal(sound, "1.safetensors is a link that leads out", "/outside") { folder in
      let shard = folder.appending(path: "1.safetensors")
      let outside = folder.deletingLastPathComponent().appending(path: "outside")
      try FileManager.default.moveItem(at: shard, to: outside)
      try FileManager.default.createSymbolicLink(at: shard, withDestinationURL: outside)
    }
  }

  @Test func linksWithinTheFolderAreFollowed() throws {
    try withShards(sound) { folder in
      let shard = folder.appending(path: "1.safetensors")
      try FileManager.default.moveItem(at: shard, to: folder.appending(path: "real"))
      try FileManager.default.createSymbolicLink(
        atPath: shard.path, withDestinationPath: "real")
      #expect(try TensorFiles(contentsOf: folder).tensor("a") == first)
    }
  }

  /// As a cache of Hugging Face's hub lies: `snapshots/revision` has links into `blobs`.
  @Test func linksIntoACachesBlobsAreFollowed() throws {
    try withShards(sound) { folder in
      let cache = folder.deletingLastPathComponent()
      let revision = cache.appending(path: "snapshots/revision")
      let blobs = cache.appending(path: "blobs")
      let files = FileManager.default
      try files.createDirectory(
        at: revision.deletingLastPathComponent(), withIntermediateDirectories: true)
      try files.createDirectory(at: blobs, withIntermediateDirectories: true)
      try files.moveItem(at: folder, to: revision)
      for name in try names(in: revision) {
        let file = revision.appending(path: name)
        try files.moveItem(at: file, to: blobs.appending(path: "hash-of-\(name)"))
        try files.createSymbolicLink(
          atPath: file.path, withDestinationPath: "../../blobs/hash-of-\(name)")
      }
      #expect(try TensorFiles(contentsOf: revision).tensor("a") == first)
    }
  }

  @Test func shardsThatAreMissingAreNamed() throws {
    try withShards(sound) { folder in
      let shard = folder.appending(path: "2.safetensors")
      try FileManager.default.removeItem(at: shard)
      let error = #expect(throws: CheckpointError.self) { try TensorFiles(contentsOf: folder) }
      guard case .missing(shard.path, let hint) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(hint.contains("model.safetensors.index.json lists it"))
    }
  }

  @Test func shardsThatAreUnsoundAreNamed() throws {
    try withShards(sound) { folder in
      let shard = folder.appending(path: "2.safetensors")
      try Data([1, 2, 3]).write(to: shard)
      let reason = "expected 8 bytes of length, found 3"
      #expect(throws: CheckpointError.invalidHeader(path: shard.path, reason: reason)) {
        try TensorFiles(contentsOf: folder)
      }
    }
  }

  @Test func indexAndShardsMustSayTheSame() throws {
    let extra = #"{"a": "1.safetensors", "b": "2.safetensors", "c": "2.safetensors"}}"#
    try expectRefusal(extra, "it says that c is in 2.safetensors, but it is not")
    try expectRefusal(sound, "2.safetensors holds c, which the index does not list") { folder in
      let shard = folder.appending(path: "2.safetensors")
      try SafetensorsFile.write([("b", second), ("c", first)], to: shard)
    }
    try expectRefusal(sound, "2.safetensors holds a, and so does 1.safetensors") { folder in
      let shard = folder.appending(path: "2.safetensors")
      try SafetensorsFile.write([("a", first), ("b", second)], to: shard)
    }
  }

  @Test func hugeIndexesAreRefusedBeforeTheyAreRead() throws {
    try withShards(sound) { folder in
      let url = folder.appending(path: "model.safetensors.index.json")
      let handle = try FileHandle(forUpdating: url)
      try handle.truncate(atOffset: 4_294_967_296)
      try handle.close()
      let reason = "expected at most 100000000 bytes, found 4294967296"
      #expect(throws: CheckpointError.unreadable(path: url.path, reason: reason)) {
        try TensorFiles(contentsOf: folder)
      }
    }
  }
}
