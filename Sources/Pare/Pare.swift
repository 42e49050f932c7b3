// The library under one name: `import Pare`.

@_exported public import Checkpoints
@_exported public import Distillation
@_exported public import Encoders
@_exported public import ONNX
@_exported public import Pruning
@_exported public import Reports
@_exported public import Tensors
@_exported public import Text
@_exported public import Training

/// The version of the package, as models' cards record it.
public let pareVersion = "0.1.0"
