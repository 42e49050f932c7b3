// Weights go where the others can make up for them best.

import Encoders
import Tensors
import Text
import Training

/// SparseGPT (Frantar & Alistarh, 2023, arXiv:2301.00774): layer by layer, each matrix is to give
/// on the data what it gave before. Of the squared error a weight w[j] costs w[j]² / [H⁻¹][j][j], H
/// = xᵀ · x over its inputs; columns are taken from left to right, and what goes is made up for by
/// the columns to the right.
///
/// Inputs of a layer are those of the model whose lower layers are sparse already. Unlike there,
/// inputs are centred, and the bias makes up for what the means give.
struct SecondOrderSparsifier {
  let target: SparsityTarget
  let batches: [LabeledBatch]
  let device: Device
  /// What is added to the diagonal of H, as a share of its mean; the paper's.
  var damping = 0.01
  /// Columns from one choice to the next, more or less; the paper's.
  var columns = 128

  func sparsify(
    _ model: inout DenseClassifier, observe: (Int, Int) -> Void
  ) throws(SparsityError) -> WeightMask {
    var masks: [String: MatrixMask] = [:]
    var states = batches.map { model.embedded($0.tokens, on: device) }
    for index in model.layers.indices {
      let places = MatrixPlace.Role.allCases.filter { $0 != .pooler }
        .map { MatrixPlace(layer: index, role: $0) }
      var sums = places.map { noSums(of: model[$0].inputSize) }
      for (batch, state) in zip(batches, states) {
        let (_, activations) = model.layer(index, applied: state, batch.tokens, on: device)
        for (slot, place) in places.enumerated() {
          if let input = activations.input(of: place.role) { add(input, to: &sums[slot]) }
        }
      }
      for (place, sums) in zip(places, sums) {
        masks[place.name] = try sparsify(&model, place, sums)
      }
      for batch in batches.indices {
        states[batch] =
          model.layer(index, applied: states[batch], batches[batch].tokens, on: device).output
      }
      observe(index + 1, model.layers.count)
    }
    if target.includesPooler {
      let place = MatrixPlace(layer: 0, role: .pooler)
      var inputs = noSums(of: model[place].inputSize)
      for (batch, state) in zip(batches, states) {
        // The last layer gave the first tokens alone.
        let offsets = SequenceOffsets(lengths: batch.tokens.lengths)
        let isWhole = model.layers.isEmpty
        add(isWhole ? device.gatherRows(state, at: offsets.firstTokens) : state, to: &inputs)
      }
      masks[place.name] = try sparsify(&model, place, inputs)
    }
    return WeightMask(pattern: target.pattern, matrices: masks)
  }

  private func noSums(of inputs: Int) -> LeastSquares { LeastSquares(inputs: inputs, outputs: 0) }

  private func add(_ input: Tensor, to sums: inout LeastSquares) {
    sums.add(input, Tensor(zeros: input.shape[0], 0), on: device)
  }

  /// Makes one matrix sparse.
  private func sparsify(
    _ model: inout DenseClassifier, _ place: MatrixPlace, _ sums: LeastSquares
  ) throws(SparsityError) -> MatrixMask {
    let old = model[place]
    let block = target.pattern.block
    guard let factor = sums.inverseFactor(damping: damping, on: device),
      device.isFinite(old.weight)
    else { throw .notFinite(matrix: place.name) }
    var weight = old.weight
    let (rows, width) = (old.outputSize, old.inputSize)
    let across = (width + block.columns - 1) / block.columns
    let down = (rows + block.rows - 1) / block.rows
    var isKept = [Bool](repeating: true, count: down * across)
    var done = 0
    while done < width && rows > 0 {
      let end = min(width, done + step)
      let range = done..<end
      let goes = choose(weight, factor, range)
      let first = done / block.columns
      let blocks = (range.count + block.columns - 1) / block.columns
      var bits = [UInt8](repeating: 1, count: rows * range.count)
      for row in 0..<rows {
        for column in range {
          let index = row / block.rows * blocks + (column / block.columns - first)
          if goes[index] { bits[row * range.count + column - done] = 0 }
        }
      }
      for index in goes.indices where goes[index] {
        isKept[index / blocks * across + first + index % blocks] = false
      }
      device.eliminate(range, keeping: bits, of: &weight, factor: factor)
      done = end
    }
    model[place] = Linear(
      weight: weight, bias: old.bias.plus(old.weight, minus: weight, timesMeansOf: sums))
    return MatrixMask(isKept, block: block, shape: [rows, width])
  }

  /// Columns from one choice to the next: whole blocks, or one group of N:M.
  private var step: Int {
    switch target.pattern {
    case .nOfM(_, let of): of
    case .weights, .blocks:
      target.pattern.block.columns * max(1, columns / target.pattern.block.columns)
    }
  }

  /// For each block of some columns whether it goes.
  private func choose(_ weight: Tensor, _ factor: Tensor, _ columns: Range<Int>) -> [Bool] {
    let (rows, width) = (weight.shape[0], weight.shape[1])
    let block = target.pattern.block
    let diagonal = columns.map { factor[$0 * width + $0] }
    var scores: [Float] = []
    scores.reserveCapacity(rows * columns.count)
    for row in 0..<rows {
      let values = weight.row(row)
      for (slot, column) in columns.enumerated() {
        let root = values[column] / diagonal[slot]
        scores.append(root * root)
      }
    }
    let list = Tensor(scores, shape: [rows, columns.count])
      .blockScores(block, target.blockScore)
    let across = (columns.count + block.columns - 1) / block.columns
    if case .nOfM(let keep, let of) = target.pattern {
      return list.lowestOfGroups(of, width: across, removing: Double(of - keep))
    }
    // Rounded over all columns so far, so that in the end as many have gone as was asked for.
    let before = columns.lowerBound / block.columns
    func removals(_ lines: Int) -> Int {
      target.removals(of: lines * (before + across), 1) - target.removals(of: lines * before, 1)
    }
    guard target.scope == .matrix else {
      return list.lowestOfRows(across, removing: removals(1))
    }
    let lines = across == 0 ? 0 : list.count / across
    var lowest = LowestScores(removals(lines), of: [list])
    return list.map { lowest.contains($0) }
  }
}

extension Tensor {
  /// A bias [outputs] plus what the difference of two weights gives for the means of their inputs.
  fileprivate func plus(
    _ old: Tensor, minus new: Tensor, timesMeansOf sums: LeastSquares
  ) -> Tensor {
    let means = sums.inputSums.elements.map { Double($0) / Double(max(1, sums.rowCount)) }
    let values = elements.enumerated().map { row, bias in
      let (before, after) = (old.row(row), new.row(row))
      return means.indices.reduce(Double(bias)) {
        $0 + (Double(before[$1]) - Double(after[$1])) * means[$1]
      }
    }
    return Tensor(values.map { Float($0) }, shape: shape)
  }
}
