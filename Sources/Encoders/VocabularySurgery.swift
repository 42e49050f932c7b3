// Taking tokens out of a model: rows of its word embedding, and the pieces of its tokenizer.

import Tensors
public import Text

extension SequenceClassifier where P == Linear {
  /// The model with the word embeddings of these ids alone, which become 0, 1, 2 … in their order.
  ///
  /// `ids` must be ascending and at least one. Law: a sequence of these ids has the same logits as
  /// before, bit for bit, once each is replaced by its place.
  public func keepingTokens(_ ids: [Int]) -> DenseClassifier {
    precondition(!ids.isEmpty, "at least one token must stay")
    precondition(
      zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 }, "ids must be ascending, found \(ids)")
    var model = self
    model.embeddings.word = embeddings.word.rows(at: ids)
    model.configuration.vocabularySize = ids.count
    return model
  }
}

extension SavedClassifier {
  /// The model and its tokenizer without all other tokens, except those that the tokenizer cannot
  /// do without; `kept` tells which rows of the embedding stay.
  ///
  /// Rows that no piece has, with which embeddings are filled up to round sizes, go too. Throws
  /// `TextError` for a tokenizer that is not `ReducibleTokenizer`.
  public func keepingTokens(
    _ ids: some Sequence<Int32>
  ) throws(TextError) -> (saved: SavedClassifier, kept: KeptTokens) {
    let reduced = try tokenizer.keepingTokens(ids)
    var saved = self
    saved.tokenizer = reduced.tokenizer
    saved.classifier = classifier.keepingTokens(reduced.kept.ids.map(Int.init))
    return (saved, reduced.kept)
  }
}
