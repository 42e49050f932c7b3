import Tensors
import TestSupport
import Testing

@Suite struct LeastSquaresTests {
  private let device = Device(threads: 2)
  /// Sums of squares in 32-bit floats, whose errors the inverse makes larger by the ratio of the
  /// largest to the least variance: about 10 for random columns, of which there are a quarter of
  /// the rows.
  private let tolerance = 1e-4

  private struct Problem {
    let x, y, start: Matrix

    init(inputs: Int, outputs: Int, rows: Int? = nil) {
      var stream = RandomStream(UInt64(inputs), UInt64(outputs))
      x = Matrix(random: rows ?? 4 * inputs + 3, inputs, from: &stream).mapElements { $0 + 0.5 }
      y = Matrix(random: x.rows, outputs, from: &stream).mapElements { $0 - 2 }
      start = Matrix(random: outputs, inputs, from: &stream)
    }

    /// What is added to the diagonal: a share of the mean of the centred squares.
    func lambda(_ damping: Double) -> Double {
      let total = (0..<x.columns).reduce(0.0) { total, column in
        let values = (0..<x.rows).map { x[$0, column] }
        let mean = values.reduce(0, +) / Double(x.rows)
        return total + values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      }
      return max(damping * total / Double(max(1, x.columns)), 1e-9)
    }

    /// Sums of all rows, `size` at a time.
    func sums(inBatchesOf size: Int, on device: Device) -> LeastSquares {
      var fit = LeastSquares(inputs: x.columns, outputs: y.columns)
      for start in stride(from: 0, to: x.rows, by: size) {
        let rows = Array(start..<min(start + size, x.rows))
        fit.add(x.tensor.rows(at: rows), y.tensor.rows(at: rows), on: device)
      }
      return fit
    }
  }

  /// Around the factorization's blocks of 64 and the four columns that it takes at a time.
  @Test(arguments: [1, 2, 3, 4, 5, 31, 63, 64, 65, 127, 130], [1, 16, 17])
  func theFitIsTheOracles(inputs: Int, outputs: Int) throws {
    let problem = Problem(inputs: inputs, outputs: outputs)
    let fit = problem.sums(inBatchesOf: problem.x.rows, on: device)
    let (weight, bias) = try #require(
      fit.solve(near: problem.start.tensor, damping: 0.01, on: device))
    let expected = Oracle.leastSquares(
      problem.x, problem.y, near: problem.start, lambda: problem.lambda(0.01))
    #expect(relativeDifference(weight, expected.weight) < tolerance)
    #expect(relativeDifference(bias.elements.map(Double.init), expected.bias) < tolerance)
  }

  @Test func rowsMayComeInAnyBatches() throws {
    let problem = Problem(inputs: 7, outputs: 3)
    let whole = problem.sums(inBatchesOf: problem.x.rows, on: device)
    for size in [1, 4, 13] {
      let parts = problem.sums(inBatchesOf: size, on: device)
      #expect(parts.rowCount == whole.rowCount)
      #expect(relativeDifference(parts.gram, whole.gram) < Tolerance.float)
      #expect(relativeDifference(parts.cross, whole.cross) < Tolerance.float)
    }
  }

  @Test func whatIsLinearIsFoundAgain() throws {
    let problem = Problem(inputs: 9, outputs: 4)
    let bias = Matrix([1, -2, 0.5, 3], rows: 1, columns: 4)
    let y = Oracle.linear(problem.x, weight: problem.start, bias: bias)
    var fit = LeastSquares(inputs: 9, outputs: 4)
    fit.add(problem.x.tensor, y.tensor, on: device)
    let found = try #require(fit.solve(near: Tensor(zeros: 4, 9), damping: 1e-7, on: device))
    #expect(relativeDifference(found.weight, problem.start) < tolerance)
    #expect(relativeDifference(found.bias.elements.map(Double.init), bias.elements) < tolerance)
  }

  @Test func muchDampingLeavesTheWeightAlmostWhereItWas() throws {
    let problem = Problem(inputs: 5, outputs: 2)
    let fit = problem.sums(inBatchesOf: 8, on: device)
    let found = try #require(fit.solve(near: problem.start.tensor, damping: 1e6, on: device))
    #expect(relativeDifference(found.weight, problem.start) < tolerance)
  }

  /// Two equal columns and a constant one leave the system without a unique solution but for the
  /// damping.
  @Test func columnsThatSayTheSameShareTheWork() throws {
    var stream = RandomStream(3)
    var x = Matrix(random: 40, 3, from: &stream)
    for row in 0..<x.rows { (x[row, 1], x[row, 2]) = (x[row, 0], 7) }
    let y = Matrix((0..<40).map { 4 * x[$0, 0] }, rows: 40, columns: 1)
    var fit = LeastSquares(inputs: 3, outputs: 1)
    fit.add(x.tensor, y.tensor, on: device)
    let found = try #require(fit.solve(near: Tensor(zeros: 1, 3), damping: 1e-4, on: device))
    #expect(relativeDifference(found.weight.elements.map(Double.init), [2, 2, 0]) < 1e-3)
  }

  @Test func moreThreadsGiveTheSameBits() throws {
    let problem = Problem(inputs: 130, outputs: 33)
    let results = [1, 2, 3].map { threads in
      let device = Device(threads: threads)
      return problem.sums(inBatchesOf: 50, on: device)
        .solve(near: problem.start.tensor, damping: 0.01, on: device)
    }
    let first = try #require(results[0])
    for result in results {
      #expect(result?.weight == first.weight && result?.bias == first.bias)
    }
  }

  @Test func noRowsAndNumbersThatAreNoneGiveNoFit() {
    let start = Tensor(zeros: 2, 3)
    #expect(LeastSquares(inputs: 3, outputs: 2).solve(near: start, damping: 1, on: device) == nil)
    for value in [Float.nan, .infinity] {
      var fit = LeastSquares(inputs: 3, outputs: 2)
      fit.add(
        Tensor([1, 2, 3, value, 5, 6], shape: [2, 3]), Tensor(zeros: 2, 2), on: device)
      #expect(fit.solve(near: start, damping: 0.1, on: device) == nil)
    }
  }
}
