import Distillation
import Foundation
import Tensors
import TestSupport
import Testing
import Training

/// The teacher's answers as targets: value, gradient, and what becomes of both at extreme temperatures.
@Suite struct SoftLabelsTests {
  private static let temperatures: [Float] = [0.5, 1, 2, 10]

  private func logits(_ rows: Int, _ labels: Int = 4, seed: UInt64) -> Matrix {
    var stream = RandomStream(seed)
    return Matrix(random: rows, labels, deviation: 2, from: &stream)
  }

  private func rows(_ matrix: Matrix) -> [[Float]] {
    (0..<matrix.rows).map { matrix.tensor.row($0) }
  }

  /// T² Σ p log(p / q) of one row after another, by the book.
  private func divergence(_ student: Matrix, _ teacher: Matrix, _ temperature: Double) -> Double {
    func softened(_ matrix: Matrix) -> Matrix {
      var scaled = matrix
      for index in scaled.elements.indices { scaled.elements[index] /= temperature }
      return Oracle.softmax(scaled)
    }
    let sum = zip(softened(teacher).elements, softened(student).elements).reduce(0) {
      $0 + $1.0 * log($1.0 / $1.1)
    }
    return temperature * temperature * sum / Double(student.rows)
  }

  @Test(arguments: temperatures)
  func valueAndGradientAreTheOracles(temperature: Float) {
    let (student, teacher) = (logits(5, seed: 1), logits(5, seed: 2))
    let (value, gradient) = SoftLabels(temperature: temperature)(
      student.tensor, teacher: rows(teacher))
    let expected = divergence(student, teacher, Double(temperature))
    #expect(abs(Double(value) - expected) < Tolerance.float * expected)
    let slope = centralDifferences(at: student) { divergence($0, teacher, Double(temperature)) }
    #expect(relativeDifference(gradient, slope) < Tolerance.float)
  }

  @Test(arguments: temperatures)
  func equalAnswersTeachNothing(temperature: Float) {
    let answers = logits(3, seed: 1)
    let (value, gradient) = SoftLabels(temperature: temperature)(
      answers.tensor, teacher: rows(answers))
    #expect(value == 0)
    #expect(gradient == Tensor(zeros: 3, 4))
  }

  @Test func aConstantAddedToLogitsTeachesNothing() {
    let answers = logits(3, seed: 1)
    let (value, _) = SoftLabels(temperature: 2)(
      answers.tensor, teacher: rows(answers).map { $0.map { $0 + 3 } })
    #expect(abs(value) < 1e-6)
  }

  /// Hinton et al., 2015, section 2.1: of logits whose mean is zero, matching them is the limit.
  @Test func hotAnswersMatchLogits() {
    let (student, teacher) = (logits(2, seed: 1), logits(2, seed: 2))
    let (value, gradient) = SoftLabels(temperature: 1000)(student.tensor, teacher: rows(teacher))
    var expected = Matrix(zeros: 2, 4)
    for row in 0..<2 {
      let difference = (0..<4).map { student[row, $0] - teacher[row, $0] }
      let mean = difference.reduce(0, +) / 4
      for column in 0..<4 { expected[row, column] = (difference[column] - mean) / (4 * 2) }
    }
    let half = zip(expected.elements, expected.elements).reduce(0) { $0 + $1.0 * $1.1 } * 4 * 2 / 2
    // Terms of order 1 / T are left out, and a float has 24 bits of what is divided by T.
    #expect(relativeDifference(gradient, expected) < 0.01)
    #expect(abs(Double(value) - half) < 0.01 * half)
  }

  /// T² KL / T goes to what the student's highest logit has over that of the teacher's answer.
  @Test func coldAnswersAreTheTeachersLabel() {
    let student: [Float] = [1, 3, -2]
    let teacher: [Float] = [2.5, 0, 1]
    let (value, gradient) = SoftLabels(temperature: 0.01)(
      Tensor(student, shape: [1, 3]), teacher: [teacher])
    #expect(abs(value / 0.01 - 2) < 1e-4)
    #expect(relativeDifference(gradient, Tensor([-0.01, 0.01, 0], shape: [1, 3])) < 1e-4)
  }

  @Test func atTemperatureOneCertainTeachersAreLabels() {
    let student = logits(3, 2, seed: 1).tensor
    let labels = [0, 1, 1]
    let certain = labels.map { $0 == 0 ? [Float(60), -60] : [-60, 60] }
    let (value, gradient) = SoftLabels(temperature: 1)(student, teacher: certain)
    let expected = Oracle.crossEntropy(Matrix(student), labels: labels)
    #expect(abs(Double(value) - expected.value) < Tolerance.float)
    #expect(relativeDifference(gradient, expected.gradient) < Tolerance.float)
  }

  @Test func theValueIsTheMeanOverExamples() {
    let (student, teacher) = (logits(2, seed: 1), rows(logits(2, seed: 2)))
    let soft = SoftLabels(temperature: 2)
    let both = soft(student.tensor, teacher: teacher).value
    let apart = (0..<2).map { row in
      soft(Tensor(student.tensor.row(row), shape: [1, 4]), teacher: [teacher[row]]).value
    }
    #expect(abs(both - (apart[0] + apart[1]) / 2) < 1e-6)
  }

  @Test func farApartAnswersStayFinite() {
    let (value, gradient) = SoftLabels(temperature: 0.01)(
      Tensor([1e4, -1e4], shape: [1, 2]), teacher: [[-1e4, 1e4]])
    #expect(value.isFinite && gradient.elements.allSatisfy(\.isFinite))
  }
}
