// The few bytes of protobuf that are written by hand, so that weights need not be in memory twice.

import Foundation

/// Fields whose content is written piece by piece, by their numbers in onnx.proto.
enum StreamedField: UInt8 {
  case graphOfModel = 7
  case initializerOfGraph = 5
  case bytesOfTensor = 9
}

extension Data {
  /// What stands before the content of a field: its number with the wire type of counted bytes,
  /// then their number (https://protobuf.dev/programming-guides/encoding).
  init(opening field: StreamedField, byteCount: Int) {
    self = Data([field.rawValue << 3 | 2])
    var rest = UInt64(byteCount)
    while rest > 0x7f {
      append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }
}
