// How far results may lie apart, and why.

/// Bounds for `relativeDifference`, each with its reason. A float has 24 bits: one rounding is
/// 6e-8.
public enum Tolerance {
  /// Sums of up to a few hundred products in 32-bit floats, whose roundings partly cancel.
  public static let float = 1e-5
  /// Longer chains: a backward pass through normalization or attention subtracts nearly equal sums.
  public static let backward = 5e-5
  /// One fused element-wise expression; Φ and eˣ are approximated to about 1.5e-7.
  public static let element = 2e-6
  /// An oracle's formula against central differences of the oracle with a step of 1e-5: the error
  /// of truncation is about 1e-10, that of cancellation 1e-11 of the values.
  public static let differences = 1e-7
  /// Against PyTorch in double precision, over a whole model and over ten optimizer steps.
  public static let parity = 1e-4
  /// Logits of one sentence in different company: the products may be blocked differently.
  public static let grouping = 1e-5
}
