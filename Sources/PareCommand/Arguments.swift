// Choices of the library as values of flags.

public import ArgumentParser
public import Pare

extension PruningUnit: ExpressibleByArgument {}
extension Criterion: ExpressibleByArgument {}
extension RankingScope: ExpressibleByArgument {}
extension PruningSchedule: ExpressibleByArgument {}
extension Reconstruction: ExpressibleByArgument {}
extension LearningRateDecay: ExpressibleByArgument {}
extension SentencePieceOptions.Algorithm: ExpressibleByArgument {}
extension ProductPrecision: ExpressibleByArgument {}

extension ElementType: ExpressibleByArgument {
  public init?(argument: String) { self.init(rawValue: argument.uppercased()) }
}
