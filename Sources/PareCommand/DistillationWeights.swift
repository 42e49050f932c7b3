// What a student learns from, as flags.

public import ArgumentParser
import Foundation
public import Pare

/// What a student learns from, and how much of each.
struct DistillationWeights: ParsableArguments {
  @Option(help: "What logits are divided by before answers are compared; 2 unless given.")
  var temperature: Float?

  @Option(help: "The weight of the teacher's answers; 0.5 unless given.")
  var softWeight: Float?

  @Option(help: "The weight of the labels; 0.5 unless given.")
  var hardWeight: Float?

  @Option(help: "The weight of the teacher's hidden states; 0 unless given.")
  var hiddenWeight: Float?

  @Option(
    help: "The teacher's layers that the student's follow: uniform, last, or such as 1,3,5.")
  var layerMap: LayerMap?

  /// The options, seen to be possible; what was not given is as the library has it.
  func options() throws -> DistillationOptions {
    var options = DistillationOptions()
    if let temperature { options.temperature = temperature }
    if let softWeight { options.softWeight = softWeight }
    if let hardWeight { options.hardWeight = hardWeight }
    if let hiddenWeight { options.hiddenWeight = hiddenWeight }
    if let layerMap { options.layerMap = layerMap }
    do throws(DistillationError) { try options.validate() } catch {
      guard case .invalidOption(let name, let expected, let found) = error else { throw error }
      throw InputError("--\(name): expected \(expected), found \(found)")
    }
    return options
  }

  /// The objective of a student that reads the teacher's ids; where answers can be remembered, the
  /// teacher has given them. A student that `plan` cut from the teacher follows the layers and
  /// channels that it still has, unless told otherwise.
  func objective(
    teacher: DenseClassifier, student: DenseClassifier, cutBy plan: PruningPlan? = nil,
    on training: [LabeledSequence], _ session: TrainingSession
  ) throws -> DistillationObjective {
    var options = try options()
    if let plan {
      if layerMap == nil { options.layerMap = .given(plan.layers.map(\.index)) }
      options.channels = plan.channels.count < plan.sizes.hiddenSize ? plan.channels : nil
    }
    let device = session.device.computing(session.options.precision)
    let objective: DistillationObjective
    do throws(DistillationError) {
      objective = try DistillationObjective(
        teacher: teacher, student: student.configuration, options: options,
        hardLabels: CrossEntropy(labelSmoothing: session.options.labelSmoothing), on: device)
    } catch {
      throw InputError("\(error)")
    }
    var bar = ProgressBar(total: training.count)
    objective.prepare(training.map(\.sequence), on: device) { bar.show($0, "the teacher answers") }
    Console.standardError.finishProgress()
    return objective
  }
}

extension LayerMap: ExpressibleByArgument {}
