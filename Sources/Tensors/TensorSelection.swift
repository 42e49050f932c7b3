// Parts of tensors: what surgery takes, and what joins it again.

extension Tensor {
  /// The rows (slices along the first size) at `indices`, in that order.
  public func rows(at indices: [Int]) -> Tensor {
    let width = shape.dropFirst().reduce(1, *)
    let result = Tensor(uninitialized: [indices.count] + shape.dropFirst())
    for (row, index) in indices.enumerated() {
      precondition(index >= 0 && index < shape[0], "row \(index) of \(shape[0])")
      (result.storage.pointer + row * width)
        .update(from: storage.pointer + index * width, count: width)
    }
    return result
  }

  /// The columns of a matrix [rows, columns] at `indices`, in that order.
  public func columns(at indices: [Int]) -> Tensor {
    precondition(shape.count == 2, "columns of a matrix, not of shape \(shape)")
    let result = Tensor(uninitialized: [shape[0], indices.count])
    for (column, index) in indices.enumerated() {
      precondition(index >= 0 && index < shape[1], "column \(index) of \(shape[1])")
      for row in 0..<shape[0] {
        result.storage.pointer[row * indices.count + column] =
          storage.pointer[row * shape[1] + index]
      }
    }
    return result
  }

  /// A matrix [rows, count] with this one's columns at `indices`, and zeros elsewhere.
  public func spreadColumns(to indices: [Int], of count: Int) -> Tensor {
    precondition(shape.count == 2 && shape[1] == indices.count, "\(indices.count) of \(shape)")
    let result = Tensor(zeros: shape[0], count)
    for (column, index) in indices.enumerated() {
      precondition(index >= 0 && index < count, "column \(index) of \(count)")
      for row in 0..<shape[0] {
        result.storage.pointer[row * count + index] =
          storage.pointer[row * indices.count + column]
      }
    }
    return result
  }

  /// Row `index` of a matrix, as an array.
  public func row(_ index: Int) -> [Float] {
    precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
    return Array(UnsafeBufferPointer(start: storage.pointer + index * width, count: width))
  }

  /// Tensors laid end to end along the first size.
  public static func concatenation(_ parts: [Tensor]) -> Tensor {
    precondition(!parts.isEmpty, "nothing to concatenate")
    let inner = Array(parts[0].shape.dropFirst())
    precondition(
      parts.allSatisfy { Array($0.shape.dropFirst()) == inner },
      "shapes do not fit: \(parts.map(\.shape))")
    let result = Tensor(uninitialized: [parts.reduce(0) { $0 + $1.shape[0] }] + inner)
    var offset = 0
    for part in parts {
      (result.storage.pointer + offset).update(from: part.storage.pointer, count: part.count)
      offset += part.count
    }
    return result
  }
}

extension Tensor {
  /// A matrix with rows and columns exchanged.
  public var transposed: Tensor {
    precondition(shape.count == 2, "a matrix, not of shape \(shape)")
    let result = Tensor(uninitialized: [shape[1], shape[0]])
    for row in 0..<shape[0] {
      for column in 0..<shape[1] {
        result.storage.pointer[column * shape[0] + row] = storage.pointer[row * shape[1] + column]
      }
    }
    return result
  }
}
