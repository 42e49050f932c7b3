// Where libFuzzer comes in: it brings `main` along, and calls these two functions by name.

import Foundation

/// What is fuzzed, as `PARE_FUZZ_TARGET` says.
private let target = Target(named: ProcessInfo.processInfo.environment["PARE_FUZZ_TARGET"] ?? "")

/// Called once, with libFuzzer's own arguments: the last is the corpus, which gets the seeds.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafePointer<CInt>,
  _ arguments: UnsafePointer<UnsafePointer<UnsafePointer<CChar>?>>
) -> CInt {
  guard let last = arguments.pointee[Int(count.pointee) - 1] else { return 0 }
  let corpus = URL(fileURLWithPath: String(cString: last))
  let seeds = target.seeds + target.unsound
  for (index, seed) in seeds.enumerated() where corpus.hasDirectoryPath {
    // A seed that cannot be written is only missed.
    try? seed.write(to: corpus.appendingPathComponent("seed-\(index)"))
  }
  return 0
}

/// Called with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.refusal(of: Data(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
