// The one pass over data that serves all criteria.

public import Encoders
public import Tensors
public import Training

/// Shows the batches to every criterion that wants data, in one pass; `observe` hears how many
/// batches are done.
public func calibrate(
  _ criteria: inout [any ImportanceCriterion], on batches: [LabeledBatch],
  through model: DenseClassifier, device: Device, observe: (Int) -> Void = { _ in }
) {
  let wanted = criteria.reduce(into: Observations()) { $0.formUnion($1.observes) }
  guard !wanted.isEmpty else { return }
  let wantsGradients = wanted.contains(.gateGradients)
  let wantsActivations = wanted.contains(.activations)
  let objective = CrossEntropy()
  let options = ForwardOptions(
    gates: wantsGradients ? Gates(open: model.configuration) : nil,
    isRecording: wantsGradients || wantsActivations)
  var unused = model.zeros()
  for (index, batch) in batches.enumerated() {
    let trace = model.forward(batch.tokens, options: options, on: device)
    var (loss, gradient) = objective(trace.logits, batch)
    let activations = wantsActivations ? model.layers.indices.map(trace.activations) : []
    var gateGradients: GateGradients?
    if wantsGradients {
      // The loss is a mean: an example's own gradient is as many times larger as there are
      // examples.
      gradient.scale(by: Float(batch.labels.count))
      gateGradients = model.backward(
        TraceGradient(logits: gradient), trace, into: &unused, on: device)
    }
    let step = CalibrationStep(
      model: model, batch: batch, objective: objective, loss: loss, activations: activations,
      gateGradients: gateGradients, device: device)
    for index in criteria.indices where !criteria[index].observes.isEmpty {
      criteria[index].observe(step)
    }
    observe(index + 1)
  }
}
