// A mask at work.

import Encoders
import Tensors
import Training

/// A mask made ready to be applied many times, weight by weight.
struct Masking: Sendable {
  private(set) var mask: WeightMask
  private var elements: [String: ElementMask]

  init(_ mask: WeightMask) {
    self.mask = mask
    elements = mask.matrices.mapValues(\.elements)
  }

  /// Clears what the mask takes, of a model or of its gradients.
  func apply(to model: inout DenseClassifier, on device: Device) {
    model.forEachParameter(at: "") { name, tensor in
      if let mask = elements[name] { device.clear(&tensor, outside: mask) }
    }
  }

  /// Clears the moments of what the mask takes: with them and the gradient at zero, AdamW leaves a
  /// weight that is zero exactly where it is.
  func apply(to optimizer: inout AdamW, on device: Device) {
    optimizer.forEachMoment { name, first, second in
      guard let mask = elements[name] else { return }
      device.clear(&first, outside: mask)
      device.clear(&second, outside: mask)
    }
  }

  /// The mask as tensors that are saved with a run.
  var state: [String: Tensor] {
    get {
      Dictionary(uniqueKeysWithValues: mask.matrices.map { ("mask." + $0, $1.tensor) })
    }
    set {
      var mask = mask
      for (name, matrix) in mask.matrices {
        if let tensor = newValue["mask." + name] { mask.matrices[name] = matrix.with(tensor) }
      }
      self = Masking(mask)
    }
  }
}
