import Tensors
import TestSupport
import Testing

@Suite struct PackedWeightTests {
  private static let sparse: [WeightLayout] = [.sparseRows, .sparseGroups]
  /// Around the 16 rows of a vector, the 64 of a tile, and the tiles from which on panels share one.
  private static let rowCounts = [0, 1, 10, 16, 17, 33, 49, 63, 64, 65, 129, 515]
  private let device = Device(threads: 2)

  /// How the zeros of a weight lie.
  private enum Pattern: CaseIterable {
    case single, groups, runs, blocks, none, all, emptyRowsAndColumns

    var block: BlockShape {
      switch self {
      case .single, .none, .all, .emptyRowsAndColumns: BlockShape(1, 1)
      case .groups: BlockShape(4, 1)
      case .runs: BlockShape(1, 16)
      case .blocks: BlockShape(32, 32)
      }
    }
  }

  private static func weight(
    _ outputs: Int, _ inputs: Int, _ pattern: Pattern, density: Double = 0.2
  ) -> Matrix {
    var stream = RandomStream(UInt64(outputs), UInt64(inputs))
    var weight = Matrix(random: outputs, inputs, from: &stream)
    var kept: [Int: Bool] = [:]
    for output in 0..<outputs {
      for input in 0..<inputs {
        let (block, across) = (pattern.block, inputs)
        let place = output / block.rows * across + input / block.columns
        let isKept: Bool
        switch pattern {
        case .none: isKept = false
        case .all: isKept = true
        case .emptyRowsAndColumns: isKept = output % 3 == 0 && input % 5 != 0 && output > 8
        case .single, .groups, .runs, .blocks:
          isKept = kept[place] ?? (stream.uniform() < density)
          kept[place] = isKept
        }
        if !isKept { weight[output, input] = 0 }
      }
    }
    return weight
  }

  private func check(
    _ rows: Int, _ weight: Matrix, at location: SourceLocation = #_sourceLocation
  ) {
    var stream = RandomStream(UInt64(rows), 7)
    let x = Matrix(random: rows, weight.columns, from: &stream)
    let bias = Matrix(random: 1, weight.rows, from: &stream)
    let expected = Oracle.linear(x, weight: weight, bias: bias)
    for layout in Self.sparse {
      for level in InstructionLevel.available {
        let packed = PackedWeight(weight.tensor, on: device, layout: layout, instructions: level)
        let y = device.linear(x.tensor, packed: packed, bias: bias.vector)
        #expect(y.shape == [rows, weight.rows], sourceLocation: location)
        #expect(
          relativeDifference(y, expected) < Tolerance.float,
          "\(layout) \(level): \(rows) rows, \(weight.rows) × \(weight.columns)",
          sourceLocation: location)
      }
    }
  }

  @Test(arguments: rowCounts)
  func sparseProductsAreTheOracles(rows: Int) {
    for pattern in Pattern.allCases { check(rows, Self.weight(40, 48, pattern)) }
  }

  @Test(arguments: [0, 1, 3, 4, 5, 9, 191, 193, 385])
  func sizesThatNothingDividesAreTheOraclesToo(outputs: Int) {
    for inputs in [0, 1, 8, 17, 127, 129] {
      for rows in [1, 19] { check(rows, Self.weight(outputs, inputs, .single)) }
    }
  }

  @Test func largeSizesAreTheOraclesToo() {
    for pattern in [Pattern.single, .groups, .all] { check(70, Self.weight(401, 515, pattern)) }
  }

  /// One row with all of a chunk's columns: as many as a segment can count.
  @Test func whatIsLeftMayBeUneven() {
    var weight = Matrix(zeros: 6, 260)
    for input in 0..<260 { weight[4, input] = Double(input % 7) - 3 }
    weight[0, 259] = 2
    check(20, weight)
  }

  @Test(arguments: sparse)
  func threadsDoNotChangeABit(layout: WeightLayout) {
    for rows in [1, 10, 64, 100, 449, 1030] {
      var stream = RandomStream(UInt64(rows))
      let weight = Self.weight(389, 130, .groups).tensor
      let x = Matrix(random: rows, 130, from: &stream).tensor
      let bias = Matrix(random: 1, 389, from: &stream).vector
      let results = [1, 2, 3, 5].map { threads in
        let device = Device(threads: threads)
        return device.linear(
          x, packed: PackedWeight(weight, on: device, layout: layout), bias: bias)
      }
      for result in results { #expect(result == results[0]) }
    }
  }

  /// A row is the same wherever it stands: what is left of a weight is added in the same order.
  @Test(arguments: sparse)
  func rowsDoNotDependOnTheirCompany(layout: WeightLayout) {
    var stream = RandomStream(3)
    let packed = PackedWeight(
      Self.weight(200, 140, .single).tensor, on: device, layout: layout)
    let x = Matrix(random: 131, 140, from: &stream).tensor
    let bias = Matrix(random: 1, 200, from: &stream).vector
    let all = device.linear(x, packed: packed, bias: bias)
    for row in [0, 15, 16, 50, 63, 64, 128, 130] {
      let alone = device.linear(x.rows(at: [row]), packed: packed, bias: bias)
      #expect(alone == all.rows(at: [row]), "row \(row)")
    }
  }

  /// What is not finite stays in its row, and reaches an output only through a weight.
  @Test(arguments: sparse)
  func whatIsNotFiniteStaysWhereItIs(layout: WeightLayout) {
    var weight = Tensor(zeros: 8, 20)
    weight[1 * 20 + 3] = 1
    var x = Tensor(zeros: 17, 20)
    x[16 * 20 + 3] = .infinity
    x[2 * 20 + 3] = .nan
    let packed = PackedWeight(weight, on: device, layout: layout)
    let y = device.linear(x, packed: packed, bias: Tensor(zeros: 8))
    #expect(y[16 * 8 + 1] == .infinity && y[2 * 8 + 1].isNaN)
    for row in 0..<17 {
      for output in 4..<8 { #expect(y[row * 8 + output] == 0) }
      if row != 16 && row != 2 { #expect(y[row * 8 + 1] == 0) }
    }
  }

  @Test func notANumberIsAWeight() {
    var weight = Tensor(zeros: 4, 4)
    weight[5] = .nan
    #expect(Sparsity(of: weight).nonzeros == 1)
    for layout in Self.sparse {
      let packed = PackedWeight(weight, on: device, layout: layout)
      let y = device.linear(Tensor(zeros: 1, 4), packed: packed, bias: Tensor(zeros: 4))
      #expect(y[1].isNaN)
    }
  }

  @Test func theLayoutFollowsFromTheZeros() {
    func layout(_ pattern: Pattern, _ density: Double) -> WeightLayout {
      PackedWeight(Self.weight(256, 256, pattern, density: density).tensor, on: device).layout
    }
    #expect(layout(.all, 1) == .dense && layout(.none, 0) == .sparseGroups)
    #expect(layout(.single, 0.1) == .sparseRows && layout(.runs, 0.1) == .sparseRows)
    #expect(layout(.groups, 0.1) == .sparseGroups && layout(.blocks, 0.3) == .sparseGroups)
    #expect(layout(.groups, 0.5) == .sparseGroups && layout(.single, 0.5) == .dense)
    #expect(layout(.single, 0.7) == .dense && layout(.groups, 0.8) == .dense)
    #expect(WeightLayout(for: Tensor(zeros: 0, 4)) == .dense)
    #expect(WeightLayout(for: Tensor(zeros: 4, 0)) == .dense)
  }

  @Test func aDenseWeightIsPackedAsEver() {
    let weight = Self.weight(64, 64, .all).tensor
    let (chosen, dense) = (
      PackedWeight(weight, on: device), PackedWeight(weight, on: device, layout: .dense)
    )
    let x = Self.weight(9, 64, .all).tensor
    let bias = Tensor(zeros: 64)
    #expect(
      device.linear(x, packed: chosen, bias: bias) == device.linear(x, packed: dense, bias: bias))
    #expect(chosen.byteCount == dense.byteCount && chosen.byteCount >= 64 * 64 * 4)
  }

  @Test func moreInputsThanGroupsCanNameArePackedAsRows() {
    var weight = Tensor(zeros: 4, 65_537)
    weight[65_536] = 3
    #expect(WeightLayout(for: weight) == .sparseRows)
    let packed = PackedWeight(weight, on: device)
    let y = device.linear(
      Tensor(repeating: 2, shape: [1, 65_537]), packed: packed, bias: Tensor(zeros: 4))
    #expect(y.elements == [6, 0, 0, 0])
  }

  /// Values of 4 bytes; a column takes 1 byte a value in rows, 2 bytes a group of 4 in groups.
  @Test func bytesAreThoseOfWhatIsLeft() {
    let weight = Self.weight(384, 384, .groups, density: 0.1).tensor
    let count = Sparsity(of: weight).nonzeros
    let groups = PackedWeight(weight, on: device, layout: .sparseGroups).byteCount
    #expect(groups >= count / 4 * 18 && groups < count / 4 * 18 + 97 * 8 + 64)
    let rows = PackedWeight(weight, on: device, layout: .sparseRows).byteCount
    #expect(rows >= count * 5 && rows < count * 5 + 384 * 3 * 2 + 100)
    #expect(PackedWeight(weight, on: device).byteCount * 8 < 384 * 384 * 4)
  }

  @Test func zerosAreCounted() {
    let zeros = Sparsity(of: Tensor([0, 1, -0.0, .nan, 0, 2, 0, 0, 0, 0], shape: [5, 2]))
    #expect(zeros.nonzeros == 3 && zeros.count == 10 && zeros.share == 0.3)
    #expect(Sparsity(of: Tensor(zeros: 0, 3)).share == 1)
  }

  @Test func levelsAreInOrder() {
    let levels = InstructionLevel.available
    #expect(levels.first == .base && levels.last == .highest && levels == levels.sorted())
  }
}
