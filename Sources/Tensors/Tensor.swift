// A dense array of 32-bit floats.

/// A dense, row-major array of 32-bit floats with value semantics.
///
/// Copies share memory until one of them is changed. No size may be negative; zero sizes are legal.
public struct Tensor: Sendable {
  /// The sizes, outermost first.
  public let shape: [Int]
  var storage: Storage

  init(shape: [Int], storage: Storage) {
    self.shape = shape
    self.storage = storage
  }

  /// A tensor whose elements hold anything; for operations that write all of them.
  init(uninitialized shape: [Int]) {
    precondition(shape.allSatisfy { $0 >= 0 }, "negative size in shape \(shape)")
    self.shape = shape
    storage = Storage(count: shape.reduce(1, *))
  }

  /// A tensor of zeros.
  public init(zeros shape: Int...) { self.init(zeros: shape) }

  /// A tensor of zeros.
  public init(zeros shape: [Int]) { self.init(repeating: 0, shape: shape) }

  /// A tensor whose elements are all `value`.
  public init(repeating value: Float, shape: [Int]) {
    self.init(uninitialized: shape)
    storage.pointer.update(repeating: value, count: storage.count)
  }

  /// A tensor of given elements in row-major order; their number must be the product of the sizes.
  public init(_ elements: [Float], shape: [Int]) {
    self.init(uninitialized: shape)
    precondition(
      elements.count == storage.count, "\(elements.count) elements for shape \(shape)")
    elements.withUnsafeBufferPointer { source in
      if let start = source.baseAddress {
        storage.pointer.update(from: start, count: source.count)
      }
    }
  }

  /// The number of elements.
  public var count: Int { storage.count }

  /// The elements in row-major order, copied.
  public var elements: [Float] {
    Array(UnsafeBufferPointer(start: storage.pointer, count: count))
  }

  /// Element `index` in row-major order.
  public subscript(index: Int) -> Float {
    get {
      precondition(index >= 0 && index < count, "element \(index) of \(count)")
      return storage.pointer[index]
    }
    set {
      precondition(index >= 0 && index < count, "element \(index) of \(count)")
      makeUnique()
      storage.pointer[index] = newValue
    }
  }

  /// The same elements in another shape.
  public func reshaped(_ shape: Int...) -> Tensor {
    precondition(shape.reduce(1, *) == count, "cannot reshape \(self.shape) to \(shape)")
    return Tensor(shape: shape, storage: storage)
  }

  /// Whether both are copies of one another that nobody has changed: they take their memory once.
  public func sharesMemory(with other: Tensor) -> Bool { storage === other.storage }

  /// Sets every element to `value`.
  public mutating func fill(_ value: Float) {
    makeUnique()
    storage.pointer.update(repeating: value, count: count)
  }

  /// Multiplies every element by `factor`.
  public mutating func scale(by factor: Float) {
    makeUnique()
    for i in 0..<count { storage.pointer[i] *= factor }
  }

  /// Rows and columns of a matrix; everything but the last size counts as rows.
  var rows: Int { shape.dropLast().reduce(1, *) }
  var width: Int { shape.last ?? 1 }

  var pointer: UnsafePointer<Float> { UnsafePointer(storage.pointer) }

  /// Memory that this value alone holds, for writing.
  var mutablePointer: UnsafeMutablePointer<Float> {
    mutating get {
      makeUnique()
      return storage.pointer
    }
  }

  private mutating func makeUnique() {
    if storage.isWritable && isKnownUniquelyReferenced(&storage) {
      storage.willChange()
      return
    }
    let copy = Storage(count: count)
    copy.pointer.update(from: storage.pointer, count: count)
    storage = copy
  }
}

extension Tensor: Equatable {
  /// Equal shapes and equal bits, so that NaN equals itself and 0 differs from −0.
  public static func == (a: Tensor, b: Tensor) -> Bool {
    a.shape == b.shape
      && (a.storage === b.storage
        || (0..<a.count).allSatisfy {
          a.storage.pointer[$0].bitPattern == b.storage.pointer[$0].bitPattern
        })
  }
}
