// One way to walk over everything that is learned.

public import Tensors

/// Something made of named tensors. Loading, saving, counting, averaging and optimizing are all the
/// same walk, always in the same order.
public protocol Parameterized: Sendable {
  /// Calls `body` with each parameter's name, such as `layers.0.attention.output.weight`.
  mutating func forEachParameter<E>(
    at path: String, _ body: (String, inout Tensor) throws(E) -> Void) throws(E)
}

extension Parameterized {
  /// Each parameter with its name.
  public var parameters: [(name: String, tensor: Tensor)] {
    var list: [(name: String, tensor: Tensor)] = []
    var copy = self
    copy.forEachParameter(at: "") { name, tensor in list.append((name, tensor)) }
    return list
  }

  /// The number of learned numbers.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }

  /// The same shapes, filled with zeros: what a gradient starts as.
  public func zeros() -> Self {
    var copy = self
    copy.forEachParameter(at: "") { _, tensor in tensor = Tensor(zeros: tensor.shape) }
    return copy
  }
}

/// `path.name`, or `name` at the root.
func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : path + "." + name }
