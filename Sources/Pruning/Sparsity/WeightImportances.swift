// Importance of single weights by their size, their inputs, their gradients, and by chance.

import Encoders
import Foundation
import Tensors

/// |w|.
struct WeightMagnitude: WeightImportance {
  var observes: WeightObservation { .nothing }
  mutating func observe(_ step: WeightCalibrationStep) {}

  func scores(of place: MatrixPlace, _ weight: Tensor, on device: Device) -> Tensor? {
    weight.absolute
  }
}

/// Uniform random scores, a function of seed and matrix.
struct RandomWeights: WeightImportance {
  let seed: UInt64

  var observes: WeightObservation { .nothing }
  mutating func observe(_ step: WeightCalibrationStep) {}

  func scores(of place: MatrixPlace, _ weight: Tensor, on device: Device) -> Tensor? {
    let role = MatrixPlace.Role.allCases.firstIndex(of: place.role) ?? 0
    var stream = RandomStream(seed, 0x57a25e, UInt64(place.layer), UInt64(role))
    return Tensor((0..<weight.count).map { _ in Float(stream.uniform()) }, shape: weight.shape)
  }
}

/// |w| times the root of its input's mean square over tokens (Wanda: Sun et al., 2023, arXiv:2306.11695, eq. 1, where
/// it is the norm: the same to a factor of a matrix).
struct WeightWanda: WeightImportance {
  private var squares: [MatrixPlace: (sums: [Double], rows: Int)] = [:]

  var observes: WeightObservation { .inputs }

  mutating func observe(_ step: WeightCalibrationStep) {
    for (place, input) in step.inputs {
      let width = input.shape[1]
      var (sums, rows) = squares[place] ?? (Array(repeating: 0, count: width), 0)
      let values = input.elements
      for row in 0..<input.shape[0] {
        for column in 0..<width {
          let value = Double(values[row * width + column])
          sums[column] += value * value
        }
      }
      rows += input.shape[0]
      squares[place] = (sums, rows)
    }
  }

  func scores(of place: MatrixPlace, _ weight: Tensor, on device: Device) -> Tensor? {
    guard let (sums, rows) = squares[place], rows > 0 else { return nil }
    let sizes = sums.map { Float(($0 / Double(rows)).squareRoot()) }
    let values = weight.elements
    let width = sizes.count
    return Tensor(values.indices.map { abs(values[$0]) * sizes[$0 % width] }, shape: weight.shape)
  }
}

/// |mean over examples of w · ∂loss/∂w|: what the mean loss changes by when the weight is gone, to first order
/// (Molchanov et al., 2019, arXiv:1906.10771, eq. 8, for single weights).
struct WeightTaylor: WeightImportance {
  private var sums: [MatrixPlace: Tensor] = [:]  // Σ ∂loss/∂w
  private var exampleCount = 0

  var observes: WeightObservation { .gradients }

  mutating func observe(_ step: WeightCalibrationStep) {
    guard let gradients = step.gradients else { return }
    for place in step.places {
      let gradient = gradients[place].weight
      var sum = sums.removeValue(forKey: place) ?? Tensor(zeros: gradient.shape)
      step.device.add(gradient, to: &sum)
      sums[place] = sum
    }
    exampleCount += step.exampleCount
  }

  func scores(of place: MatrixPlace, _ weight: Tensor, on device: Device) -> Tensor? {
    guard let sum = sums[place] else { return nil }
    var products = Tensor(zeros: weight.shape)
    device.subtractProducts(weight, sum, from: &products)
    products.scale(by: 1 / Float(exampleCount))
    return products.absolute
  }
}

/// ½ w² · the mean over examples of (∂loss/∂w)²: what the mean loss rises by when the weight is
/// gone from a model that is at an optimum, to second order and one weight at a time (Theis et al.,
/// 2018, arXiv:1801.05787).
struct WeightFisher: WeightImportance {
  private var sums: [MatrixPlace: Tensor] = [:]  // −Σ (∂loss/∂w)²
  private var exampleCount = 0

  var observes: WeightObservation { .exampleGradients }

  mutating func observe(_ step: WeightCalibrationStep) {
    guard let gradients = step.gradients else { return }
    for place in step.places {
      let gradient = gradients[place].weight
      var sum = sums.removeValue(forKey: place) ?? Tensor(zeros: gradient.shape)
      step.device.subtractProducts(gradient, gradient, from: &sum)
      sums[place] = sum
    }
    exampleCount += step.exampleCount
  }

  func scores(of place: MatrixPlace, _ weight: Tensor, on device: Device) -> Tensor? {
    guard let sum = sums[place] else { return nil }
    let (values, squares) = (weight.elements, sum.elements)
    let scale = -0.5 / Float(exampleCount)
    return Tensor(
      values.indices.map { values[$0] * values[$0] * squares[$0] * scale }, shape: weight.shape)
  }
}

extension Tensor {
  /// |x| of each element.
  var absolute: Tensor { Tensor(elements.map(abs), shape: shape) }
}
