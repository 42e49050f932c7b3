import Foundation
import Reports
import Tensors
import Testing

@Suite struct LatencyReportTests {
  private let device = Device(threads: 2)

  @Test func itTimesAsManyCallsAsAskedAfterTheWarmUp() {
    var calls = 0
    let report = LatencyReport(
      of: .init(precision: "f32", sentences: 4, tokens: 30), on: device, warmup: 3,
      minimumCalls: 7, seconds: 0
    ) {
      calls += 1
      Thread.sleep(forTimeInterval: 0.002)
    }
    #expect(report.calls == 7 && calls == 10)
    #expect(report.median >= 2 && report.median <= report.p95)
    #expect(report.interval.low <= report.median && report.median <= report.interval.high)
    #expect(abs(report.sentencesPerSecond - 4000 / report.median) < 1e-6)
    #expect(abs(report.tokensPerSecond - 30_000 / report.median) < 1e-6)
    #expect(report.precision == "f32" && report.batch == 4 && report.length == 7.5)
    #expect(report.threads == 2 && report.peakMemory > 1_000_000)
    #expect(report.cpu.contains("oneDNN") && report.parts.isEmpty)
  }

  @Test func itGoesOnForTheTimeAsked() {
    let start = ContinuousClock.now
    let report = LatencyReport(
      of: .init(precision: "f32", sentences: 1, tokens: 1), on: device, minimumCalls: 1,
      seconds: 0.05
    ) { Thread.sleep(forTimeInterval: 0.005) }
    #expect(start.duration(to: .now) >= .milliseconds(50))
    #expect(report.calls > 1)
  }

  @Test func anErrorOfTheCallIsPassedOn() {
    struct Failure: Error {}
    #expect(throws: Failure.self) {
      try LatencyReport(
        of: .init(precision: "f32", sentences: 1, tokens: 1), on: device, seconds: 0
      ) { throw Failure() }
    }
  }

  @Test func itsKeysAreThoseDocumented() throws {
    var report = LatencyReport(
      of: .init(precision: "f32", sentences: 1, tokens: 1), on: device, minimumCalls: 1,
      seconds: 0
    ) {}
    report.parts["attention"] = 0.5
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report))
    let keys = Set(try #require(object as? [String: Any]).keys)
    #expect(
      keys.isSuperset(of: [
        "median", "p95", "interval", "sentencesPerSecond", "tokensPerSecond", "peakMemory",
        "precision", "batch", "length", "threads", "cpu",
      ]))
  }

  @Test func durationsAreInMilliseconds() {
    #expect(Duration.seconds(1.5).milliseconds == 1500)
    #expect(abs(Duration.microseconds(250).milliseconds - 0.25) < 1e-12)
  }
}
