// Embedding tables, naively.

public import Text

extension Oracle {
  /// The three tables of an embedding, or their gradients.
  public struct EmbeddingTables {
    public var word, position, tokenType: Matrix

    /// The tables.
    public init(word: Matrix, position: Matrix, tokenType: Matrix) {
      (self.word, self.position, self.tokenType) = (word, position, tokenType)
    }

    /// [tokens, width]: word + position + type.
    public func output(_ batch: TokenBatch) -> Matrix {
      var y = Matrix(zeros: batch.tokenCount, word.columns)
      forEachToken(batch) { token, id, place, type in
        for i in 0..<word.columns {
          y[token, i] = word[id, i] + position[place, i] + tokenType[type, i]
        }
      }
      return y
    }

    /// Each token's row of dY is added to the rows that made it.
    public func gradients(_ dY: Matrix, _ batch: TokenBatch) -> EmbeddingTables {
      var gradients = EmbeddingTables(
        word: Matrix(zeros: word.rows, word.columns),
        position: Matrix(zeros: position.rows, word.columns),
        tokenType: Matrix(zeros: tokenType.rows, word.columns))
      forEachToken(batch) { token, id, place, type in
        for i in 0..<word.columns {
          gradients.word[id, i] += dY[token, i]
          gradients.position[place, i] += dY[token, i]
          gradients.tokenType[type, i] += dY[token, i]
        }
      }
      return gradients
    }

    private func forEachToken(_ batch: TokenBatch, _ body: (Int, Int, Int, Int) -> Void) {
      var token = 0
      for length in batch.lengths {
        for place in 0..<length {
          body(token, Int(batch.ids[token]), place, Int(batch.typeIDs[token]))
          token += 1
        }
      }
    }
  }
}
