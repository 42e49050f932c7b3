import Tensors
import Testing

@Suite struct TensorSelectionTests {
  private let matrix = Tensor((0..<12).map(Float.init), shape: [3, 4])

  @Test func rowsAreTakenInTheOrderGiven() {
    #expect(matrix.rows(at: [2, 0]) == Tensor([8, 9, 10, 11, 0, 1, 2, 3], shape: [2, 4]))
    #expect(matrix.rows(at: []) == Tensor(zeros: 0, 4))
    #expect(matrix.rows(at: [0, 1, 2]) == matrix)
    #expect(Tensor([5, 6, 7], shape: [3]).rows(at: [1]) == Tensor([6], shape: [1]))
    #expect(matrix.row(1) == [4, 5, 6, 7])
  }

  @Test func columnsAreTakenInTheOrderGiven() {
    #expect(matrix.columns(at: [3, 1]) == Tensor([3, 1, 7, 5, 11, 9], shape: [3, 2]))
    #expect(matrix.columns(at: []) == Tensor(zeros: 3, 0))
    #expect(matrix.columns(at: [0, 1, 2, 3]) == matrix)
  }

  @Test func spreadingUndoesTheSelectionOfColumns() {
    let columns = matrix.columns(at: [3, 1])
    #expect(
      columns.spreadColumns(to: [3, 1], of: 4)
        == Tensor([0, 1, 0, 3, 0, 5, 0, 7, 0, 9, 0, 11], shape: [3, 4]))
    #expect(matrix.spreadColumns(to: [0, 1, 2, 3], of: 4) == matrix)
    #expect(Tensor(zeros: 3, 0).spreadColumns(to: [], of: 2) == Tensor(zeros: 3, 2))
    #expect(Tensor(zeros: 0, 1).spreadColumns(to: [1], of: 2) == Tensor(zeros: 0, 2))
  }

  @Test func concatenationUndoesSelection() {
    let parts = [matrix.rows(at: [0]), matrix.rows(at: []), matrix.rows(at: [1, 2])]
    #expect(Tensor.concatenation(parts) == matrix)
    #expect(Tensor.concatenation([Tensor(zeros: 2, 0), Tensor(zeros: 1, 0)]).shape == [3, 0])
  }
}
