// A folder of files, and the command run in it.

import Foundation
import Testing

/// What a run of the command left.
struct Outcome {
  /// The exit status, or minus the signal that ended the program.
  let status: Int32
  let output: Data
  let errors: String

  var text: String { String(decoding: output, as: UTF8.self) }
  var lines: [String] { text.split(separator: "\n").map(String.init) }

  /// The JSON object that was printed.
  func object() throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: output)
    return try #require(object as? [String: Any])
  }

  /// The JSON objects that were printed, one a line.
  func objects() throws -> [[String: Any]] {
    try lines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }
}

/// A place to work in, gone with its last holder: that is why it is a class.
final class Folder: Sendable {
  let url: URL

  /// A new, empty folder.
  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "pare-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The binary beside the test bundle.
  static let binary: URL = {
    #if os(macOS)
      let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? .main
      let folder = bundle.bundleURL.deletingLastPathComponent()
    #else
      let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent()
    #endif
    return folder.appending(path: "pare")
  }()

  subscript(name: String) -> URL { url.appending(path: name) }

  func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

  func write(_ name: String, _ data: Data) throws { try data.write(to: self[name]) }

  func data(_ name: String) throws -> Data { try Data(contentsOf: self[name]) }

  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: self[name].path) }

  /// The files of this folder and all below it, hidden ones too, with their bytes.
  func contents() throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: url.path) {
      contents[name] = (try? data(name)) ?? Data()
    }
    return contents
  }

  /// Runs the command here and waits for its end.
  @discardableResult
  func pare(
    _ arguments: String..., input: Data = Data(), environment: [String: String] = [:]
  ) throws -> Outcome {
    try run(Self.binary, arguments, input: input, environment: environment)
  }

  /// Runs a shell's command line here; `$PARE` is the command.
  func shell(
    _ line: String, input: Data = Data(), environment: [String: String] = [:]
  ) throws -> Outcome {
    try run(
      URL(fileURLWithPath: "/bin/sh"), ["-c", line], input: input,
      environment: environment.merging(["PARE": Self.binary.path]) { $1 })
  }

  private func run(
    _ program: URL, _ arguments: [String], input: Data, environment: [String: String]
  ) throws -> Outcome {
    let run = try BackgroundRun(
      program, arguments, in: self, input: input, environment: environment)
    return try run.wait()
  }

  /// Starts the command here.
  func start(_ arguments: [String]) throws -> BackgroundRun {
    try BackgroundRun(Self.binary, arguments, in: self, input: Data(), environment: [:])
  }
}

/// A program that runs. Its outputs go to files: nothing waits for a reader.
final class BackgroundRun {
  let process = Process()
  private let place: Folder
  private let streams: Folder

  init(
    _ program: URL, _ arguments: [String], in place: Folder, input: Data,
    environment: [String: String]
  ) throws {
    self.place = place
    let streams = try Folder()
    self.streams = streams
    func file(_ name: String, _ data: Data = Data()) throws -> URL {
      try streams.write(name, data)
      return streams[name]
    }
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = place.url
    let inherited = ProcessInfo.processInfo.environment.filter { $0.key != "NO_COLOR" }
    process.environment = inherited.merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: file("input", input))
    process.standardOutput = try FileHandle(forWritingTo: file("output"))
    process.standardError = try FileHandle(forWritingTo: file("errors"))
    try process.run()
  }

  /// Waits until the program ends and takes what it left; no test lasts a minute, so a minute is a failure.
  @discardableResult
  func wait() throws -> Outcome {
    let end = ContinuousClock.now + .seconds(60)
    while process.isRunning {
      guard ContinuousClock.now < end else {
        kill(process.processIdentifier, SIGKILL)
        throw Hanging(arguments: process.arguments ?? [])
      }
      usleep(500)
    }
    process.waitUntilExit()
    let status = process.terminationStatus
    return Outcome(
      status: process.terminationReason == .exit ? status : -status,
      output: try streams.data("output"),
      errors: String(decoding: try streams.data("errors"), as: UTF8.self))
  }

  /// Waits until a file has so many lines, and then sends a signal; false if the program ended first.
  func send(_ number: Int32, whenFile file: URL, hasLines count: Int) -> Bool {
    while process.isRunning {
      let lines = ((try? Data(contentsOf: file)) ?? Data()).count { $0 == 0x0A }
      if lines >= count { return kill(process.processIdentifier, number) == 0 }
      usleep(200)
    }
    return false
  }

  struct Hanging: Error { let arguments: [String] }
}

/// Expects a failure with one sentence on standard error that names all of `fragments`.
func expectFailure(
  _ outcome: Outcome, status: Int32 = 2, _ fragments: String...,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: sourceLocation)
  let lines = outcome.errors.split(separator: "\n")
  if status == 2 {
    #expect(lines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.errors.hasPrefix("pare: "), sourceLocation: sourceLocation)
  }
  for fragment in fragments {
    #expect(
      outcome.errors.contains(fragment), "\(outcome.errors)", sourceLocation: sourceLocation)
  }
}
