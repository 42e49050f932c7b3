// The teacher's answers as targets.

import Foundation
public import Tensors
import Training

/// T² · KL(teacher ‖ student) of the distributions softmax(logits / T), the mean over the batch
/// (Hinton, Vinyals & Dean, 2015, arXiv:1503.02531). With T² the gradient is about as long for
/// every temperature T.
public struct SoftLabels: Sendable {
  /// What logits are divided by.
  public var temperature: Float

  /// Targets softened by a temperature above 0.
  public init(temperature: Float) {
    precondition(temperature > 0, "temperature \(temperature)")
    self.temperature = temperature
  }

  /// The value, and its gradient by the student's logits [sequences, labels]: T (q − p) /
  /// sequences. The teacher's have a row for each sequence.
  public func callAsFunction(
    _ student: Tensor, teacher: [[Float]]
  ) -> (value: Float, gradient: Tensor) {
    let (count, labels) = (student.shape[0], student.shape[1])
    precondition(
      teacher.count == count && teacher.allSatisfy { $0.count == labels },
      "\(teacher.count) answers of the teacher for logits of \(student.shape)")
    var gradient: [Float] = []
    gradient.reserveCapacity(count * labels)
    var divergence = 0.0
    for (row, answer) in teacher.enumerated() {
      let p = logSoftmax(answer.map { $0 / temperature })
      let q = logSoftmax(student.row(row).map { $0 / temperature })
      for (logP, logQ) in zip(p, q) {
        divergence += exp(logP) * (logP - logQ)
        gradient.append(temperature * Float(exp(logQ) - exp(logP)) / Float(count))
      }
    }
    let square = Double(temperature) * Double(temperature)
    return (
      Float(square * divergence / Double(max(1, count))),
      Tensor(gradient, shape: [count, labels])
    )
  }
}
