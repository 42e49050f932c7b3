// Safetensors files and indexes of shards.

import Checkpoints
import Foundation
import Tensors

extension Target {
  /// A file as it comes: what can be opened can be read, takes no more memory than its size allows,
  /// and reads the same when written again, with its zeros or without.
  static func safetensors(in folder: URL) throws -> Target {
    let url = folder.appendingPathComponent("a.safetensors")
    var seeds: [Data] = []
    for type in ElementType.allCases {
      let tensors = [("a", Tensor([1, -2, 3, .nan], shape: [2, 2])), ("b", Tensor(zeros: 0, 3))]
      try SafetensorsFile.write(tensors, as: type, metadata: ["format": "pt"], to: url)
      seeds.append(try Data(contentsOf: url))
    }
    var unsound: [Data] = []
    for type in ElementType.allCases {
      var sparse = Tensor(zeros: 8, 16)
      for element in 3 * 16..<4 * 16 { sparse[element] = -0.0 }
      try SafetensorsFile.write([("a", sparse)], as: type, omittingZeros: true, to: url)
      var bytes = try Data(contentsOf: url)
      seeds.append(bytes)
      // One bit of the mask, which comes last: more blocks than there are values of.
      bytes[bytes.count - 1] ^= 0x80
      unsound.append(bytes)
    }
    let header = #"{"\u00e9":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}   "#
    let size = Data([UInt8(header.utf8.count)]) + Data(count: 7)
    seeds.append(size + Data(header.utf8) + Data(repeating: 1, count: 8))
    return Target(seeds: seeds, unsound: unsound) { data in
      put(data, url)
      let file = try opened(at: url) { () throws(CheckpointError) in
        TensorFiles(try SafetensorsFile(contentsOf: url))
      }
      let again = folder.appendingPathComponent("again.safetensors")
      let tensors = read(file, atMost: data.count)
      mustNotThrow("what was read is written") {
        for omittingZeros in [false, true] {
          try SafetensorsFile.write(tensors, omittingZeros: omittingZeros, to: again)
          let copy = try SafetensorsFile(contentsOf: again)
          precondition(copy.names == tensors.map(\.name))
          for (name, tensor) in tensors {
            let found = try copy.tensor(name)
            precondition(found == tensor, name)
          }
        }
      }
    }
  }

  /// An index beside two sound shards.
  static func shards(in folder: URL) throws -> Target {
    for name in ["a", "b"] {
      let url = folder.appendingPathComponent("\(name).safetensors")
      try SafetensorsFile.write([(name, Tensor(zeros: 2))], to: url)
    }
    let url = folder.appendingPathComponent("model.safetensors.index.json")
    let sound =
      #"{"metadata":{"total_size":16},"weight_map":"#
      + #"{"a":"a.safetensors","b":"b.safetensors"}}"#
    let outside = #"{"weight_map":{"a":"../a.safetensors","\u0062":"/b.safetensors"}}"#
    return Target(seeds: [Data(sound.utf8)], unsound: [Data(outside.utf8)]) { data in
      put(data, url)
      let files = try opened(at: folder) { () throws(CheckpointError) in
        try TensorFiles(contentsOf: folder)
      }
      precondition(Set(files.names).isSubset(of: ["a", "b"]), "\(files.names)")
      for name in files.names {
        precondition(files.path(of: name).hasSuffix("/\(name).safetensors"))
        precondition(mustNotThrow(name) { try files.tensor(name) } == Tensor(zeros: 2))
      }
    }
  }

  /// The files; they must be refused with an error that names the place.
  private static func opened(
    at place: URL, _ open: () throws(CheckpointError) -> TensorFiles
  ) throws(CheckpointError) -> TensorFiles {
    do { return try open() } catch {
      precondition(error.description.hasPrefix(place.path), error.description)
      throw error
    }
  }

  /// All tensors that can be computed with; the others must say that they cannot.
  private static func read(
    _ file: TensorFiles, atMost byteCount: Int
  ) -> [(name: String, tensor: Tensor)] {
    let claimed = file.names.reduce(0) { $0 + file.byteCount(of: $1) }
    precondition(claimed <= byteCount, "\(claimed) of \(byteCount) bytes")
    var tensors: [(name: String, tensor: Tensor)] = []
    for name in file.names {
      do {
        let tensor = try file.tensor(name)
        precondition(tensor.shape == file.shape(of: name), name)
        precondition(tensor.count <= 64 * max(1, file.byteCount(of: name)), name)
        tensors.append((name, tensor))
      } catch .wrongType(_, name, let type) {
        precondition(type == file.type(of: name) && type.elementType == nil, "\(type)")
      } catch { fatalError("\(error)") }
    }
    return tensors
  }
}
