// The slow, plain versions of all operations.

/// Every operation of Tensors once more: naive loops in double precision, written from the formulas
/// alone. Tests hold the fast operations to it, and it to central differences.
public enum Oracle {}
