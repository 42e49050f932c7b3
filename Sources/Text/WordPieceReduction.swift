// A WordPiece tokenizer with fewer pieces.

import Foundation

/// One law has an exception: a word that was unknown, because a character in it goes on with no
/// word by itself, may be known after a cut, if a piece that stays has that character inside.
/// BERT's own vocabularies have no such character.
extension WordPieceTokenizer: ReducibleTokenizer {
  /// Adds the added tokens, all that the files name by ids, and pieces of one character, both those
  /// that begin a word and those that go on with it: with them, a word is spelled rather than
  /// unknown.
  public func needed(by ids: Set<Int32>) throws(TextError) -> Set<Int32> {
    var needed = ids.union(addedIDs)
    let range = 0..<Int32(vocabulary.size)
    for (name, data) in files() where TokenPlaces.names.contains(name) {
      let places = try TokenPlaces(data, name: name).places
      needed.formUnion(places.map(\.id).filter(range.contains))
    }
    for id in range {
      let piece = piece(id).utf8
      let isFurther = piece.starts(with: continuingPrefix)
      if piece.isSingleScalar
        || isFurther && piece.dropFirst(continuingPrefix.count).isSingleScalar
      {
        needed.insert(id)
      }
    }
    return needed
  }

  public func cut(to kept: KeptTokens) throws(TextError) -> WordPieceTokenizer {
    var files = self.files()
    for (name, data) in files where TokenPlaces.names.contains(name) {
      files[name] = try TokenPlaces(data, name: name).renumbered(kept)
    }
    if let vocabulary = files[Self.vocabularyName] {
      files[Self.vocabularyName] = Self.lines(of: vocabulary, kept)
    }
    return try WordPieceTokenizer(TokenizerFiles(files, name: "the cut tokenizer"))
  }

  /// The lines of `vocab.txt` that stay, with their ends.
  private static func lines(of vocabulary: Data, _ kept: KeptTokens) -> Data {
    var result = Data()
    var id: Int32 = 0
    var rest = vocabulary[...]
    while let first = rest.indices.first {
      let next = rest.firstIndex(of: 0x0A).map { $0 + 1 } ?? rest.endIndex
      if kept.newID(id) != nil { result += rest[first..<next] }
      id += 1
      rest = rest[next...]
    }
    return result
  }
}
