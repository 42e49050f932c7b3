// The header of a safetensors file: an 8-byte length, and a JSON object of that length.

import JSON
import Tensors

/// What a header says, once every claim is checked: time and memory are bounded by its own size.
struct SafetensorsHeader {
  /// Where one tensor lies.
  struct Entry: Sendable {
    let type: StoredType
    let shape: [Int]
    let bytes: Range<Int>
  }

  private(set) var entries: [String: Entry] = [:]
  private(set) var metadata: [String: String] = [:]

  /// The format's own limit; thousands of tensors need well under a megabyte.
  private static let longest = 100_000_000
  /// As many sizes as a NumPy array may have.
  private static let mostSizes = 64

  private let path: String
  /// Where the tensors' bytes begin and end.
  private let data: Range<Int>

  /// Reads and checks the header of a mapped file.
  init(of file: MappedFile, path: String) throws(CheckpointError) {
    self.path = path
    guard file.count >= 8 else {
      throw .invalidHeader(path: path, reason: "expected 8 bytes of length, found \(file.count)")
    }
    let length = file.data(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let most = min(Self.longest, file.count - 8)
    guard length <= UInt64(most) else {
      throw .invalidHeader(
        path: path, reason: "the header claims \(length) bytes, the file has room for \(most)")
    }
    data = 8 + Int(length)..<file.count
    // A copy: what is checked must not change while it is read.
    var cursor = JSONCursor([UInt8](file.data(8..<data.lowerBound)))
    do {
      try read(&cursor)
      try cursor.end()
    } catch {
      throw .invalidHeader(
        path: path, reason: "the header is not JSON that describes tensors: \(error)")
    }
    try checkLayout()
  }

  private mutating func read(_ cursor: inout JSONCursor) throws(JSONFailure) {
    try cursor.object { (cursor, name) throws(JSONFailure) in
      if name == "__metadata__" {
        try cursor.object { (cursor, key) throws(JSONFailure) in
          metadata[key] = try cursor.string()
        }
      } else {
        entries[name] = try entry(name.brief, &cursor)
      }
    }
  }

  /// Reads what is said of one tensor; `name` is for messages.
  private func entry(
    _ name: String, _ cursor: inout JSONCursor
  ) throws(JSONFailure) -> Entry {
    var type: StoredType?
    var shape: [Int]?
    var offsets: [Int]?
    try cursor.object { (cursor, key) throws(JSONFailure) in
      switch key {
      case "dtype": type = try Self.type(name, &cursor)
      case "shape": shape = try Self.numbers(&cursor, atMost: Self.mostSizes)
      case "data_offsets": offsets = try Self.numbers(&cursor, atMost: 2)
      default: throw cursor.failure("tensor \(name) has the unknown key \(key.brief)")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw cursor.failure("tensor \(name): expected dtype, shape and two data_offsets")
    }
    guard offsets[0] <= offsets[1], offsets[1] <= data.count else {
      throw cursor.failure("tensor \(name): the bytes \(offsets) lie outside the \(data.count)")
    }
    let size = try Self.byteCount(shape, type, name, cursor)
    guard size == offsets[1] - offsets[0] else {
      throw cursor.failure(
        "tensor \(name): shape \(shape) needs \(size) bytes, found \(offsets[1] - offsets[0])")
    }
    let start = data.lowerBound
    return Entry(type: type, shape: shape, bytes: start + offsets[0]..<start + offsets[1])
  }

  private static func type(
    _ name: String, _ cursor: inout JSONCursor
  ) throws(JSONFailure) -> StoredType {
    let found = try cursor.string()
    if let type = StoredType(rawValue: found) { return type }
    let known = StoredType.allCases.map(\.rawValue).joined(separator: ", ")
    throw cursor.failure("tensor \(name): expected a type of \(known), found \(found.brief)")
  }

  static func numbers(
    _ cursor: inout JSONCursor, atMost most: Int
  ) throws(JSONFailure) -> [Int] {
    var numbers: [Int] = []
    try cursor.array { (cursor) throws(JSONFailure) in
      guard numbers.count < most else { throw cursor.failure("more than \(most) numbers") }
      numbers.append(try cursor.wholeNumber())
    }
    return numbers
  }

  private static func byteCount(
    _ shape: [Int], _ type: StoredType, _ name: String, _ cursor: JSONCursor
  ) throws(JSONFailure) -> Int {
    var bits = type.bitCount
    for size in shape {
      let (product, overflow) = bits.multipliedReportingOverflow(by: size)
      guard !overflow else { throw cursor.failure("tensor \(name): impossible shape \(shape)") }
      bits = product
    }
    guard bits % 8 == 0 else {
      throw cursor.failure("tensor \(name): shape \(shape) of \(type.rawValue) ends inside a byte")
    }
    return bits / 8
  }

  /// Tensors must cover the file without gap or overlap: a gap hides bytes, an overlap is a lie.
  private func checkLayout() throws(CheckpointError) {
    var position = data.lowerBound
    let ordered = entries.sorted {
      ($0.value.bytes.lowerBound, $0.value.bytes.count, $0.key)
        < ($1.value.bytes.lowerBound, $1.value.bytes.count, $1.key)
    }
    for (name, entry) in ordered {
      guard entry.bytes.lowerBound == position else {
        throw .invalidHeader(
          path: path,
          reason: "tensor \(name.brief) begins at byte \(entry.bytes.lowerBound), "
            + "the one before ends at \(position)")
      }
      position = entry.bytes.upperBound
    }
    guard position == data.upperBound else {
      throw .invalidHeader(
        path: path,
        reason: "the header accounts for \(position) bytes, the file has \(data.upperBound)")
    }
  }
}
