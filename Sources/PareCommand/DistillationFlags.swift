// Whether a cut model learns from the one that it was cut from, as flags.

import ArgumentParser

/// Whether and how training after a cut follows the model before it.
struct DistillationFlags: ParsableArguments {
  @Flag(help: "Training after the cut follows the model before it, not the labels alone.")
  var distill = false

  @OptionGroup var weights: DistillationWeights
}
