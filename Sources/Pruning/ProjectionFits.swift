// Ways to set an output projection anew from sums over its inputs.

import Encoders
import Tensors

extension Linear {
  /// Takes the weights and bias of a fit, held near where they are; they stay where there is no
  /// input.
  mutating func fit(_ sums: LeastSquares, damping: Double, on device: Device) {
    guard inputSize > 0,
      let (weight, bias) = sums.solve(near: weight, damping: damping, on: device)
    else { return }
    self = Linear(weight: weight, bias: bias)
  }

  /// Multiplies the columns of each unit by a factor of its own, so that the outputs come closest;
  /// factors are held near 1.
  mutating func rescale(
    _ sums: LeastSquares, unitSize: Int, damping: Double, on device: Device
  ) {
    let (gram, cross, inputMeans, outputMeans) = sums.centred
    let units = inputSize / unitSize
    // Of unit u's part P_u = x_u · W_uᵀ of the output: Σ P_u · P_v, and Σ P_u · y.
    var products = [Double](repeating: 0, count: units * units)
    var target = Tensor(zeros: 1, units)
    let shared = weight.transposed.linear(weight.transposed, on: device)  // [inputs, inputs]
    for row in 0..<inputSize {
      for column in 0..<inputSize {
        let index = row * inputSize + column
        products[row / unitSize * units + column / unitSize] += gram[index] * Double(shared[index])
      }
      for output in 0..<outputSize {
        let index = output * inputSize + row
        target[row / unitSize] += Float(cross[index] * Double(weight[index]))
      }
    }
    let trace = (0..<units).reduce(0) { $0 + products[$1 * units + $1] }
    let lambda = max(damping * trace / Double(max(1, units)), 1e-9)
    for unit in 0..<units {
      products[unit * units + unit] += lambda
      target[unit] += Float(lambda)
    }
    guard let factors = device.solve(products, target) else { return }
    for output in 0..<outputSize {
      var sum = outputMeans[output]
      for column in 0..<inputSize {
        weight[output * inputSize + column] *= factors[column / unitSize]
        sum -= Double(weight[output * inputSize + column]) * inputMeans[column]
      }
      bias[output] = Float(sum)
    }
  }

  /// Folds all units but `kept` into them and keeps these alone: each into the one from which its
  /// input can be told best, by the least-squares map between the two.
  mutating func merge(
    into kept: [Int], unitSize: Int, _ sums: LeastSquares, damping: Double, on device: Device
  ) {
    let (gram, _, means, _) = sums.centred
    let width = inputSize
    func columns(_ unit: Int) -> Range<Int> { unit * unitSize..<(unit + 1) * unitSize }
    func block(_ rows: Range<Int>, _ columns: Range<Int>) -> [Double] {
      rows.flatMap { row in columns.map { gram[row * width + $0] } }
    }
    let gone = Set(0..<width / unitSize).subtracting(kept).sorted()
    let old = weight
    for unit in gone {
      var best: (kept: Int, map: Tensor, explained: Double)?
      for other in kept {
        // map [gone, kept]: the input of `unit` is about map · the input of `other`.
        var own = block(columns(other), columns(other))
        let trace = (0..<unitSize).reduce(0) { $0 + own[$1 * unitSize + $1] }
        for index in 0..<unitSize {
          own[index * unitSize + index] += max(damping * trace / Double(unitSize), 1e-12)
        }
        let shared = Tensor(
          block(columns(unit), columns(other)).map { Float($0) }, shape: [unitSize, unitSize])
        guard let map = device.solve(own, shared) else { continue }
        let explained = zip(map.elements, shared.elements).reduce(0) { $0 + Double($1.0 * $1.1) }
        if best.map({ explained > $0.explained }) ?? true { best = (other, map, explained) }
      }
      for output in 0..<outputSize {
        for (row, column) in columns(unit).enumerated() {
          let outgoing = Double(old[output * width + column])
          bias[output] += Float(outgoing * means[column])
          guard let best else { continue }
          for (place, target) in columns(best.kept).enumerated() {
            let share = outgoing * Double(best.map[row * unitSize + place])
            weight[output * width + target] += Float(share)
            bias[output] -= Float(share * means[target])
          }
        }
      }
    }
    self = keeping(inputs: kept.flatMap(columns))
  }
}

extension Tensor {
  /// this · otherᵀ.
  fileprivate func linear(_ other: Tensor, on device: Device) -> Tensor {
    device.linear(self, weight: other, bias: Tensor(zeros: other.shape[0]))
  }
}
