import Foundation
import Testing
import Text

@Suite struct TokenizerFolderTests {
  @Test func kindsAreToldByTheirFiles() throws {
    #expect(try TokenizerFolder.read(fixture("uncased")) is WordPieceTokenizer)
    #expect(try TokenizerFolder.read(fixture("vocabulary")) is WordPieceTokenizer)
    #expect(try TokenizerFolder.read(fixture("xlm-roberta")) is XLMRobertaTokenizer)
    let own = try unigram.get().files()
    let alone = try withFolder(own) { try TokenizerFolder.read($0) }
    #expect(alone is SentencePieceTokenizer)
    let both = own.merging(["vocab.txt": Data(smallVocabulary.utf8)]) { $1 }
    let first = try withFolder(both) { try TokenizerFolder.read($0) }
    #expect(first is SentencePieceTokenizer)
  }

  @Test func foldersWithoutTokenizerAreToldWhatIsExpected() throws {
    try withFolder([String: String]()) { folder in
      let error = #expect(throws: TextError.self) { try TokenizerFolder.read(folder) }
      for name in ["sentencepiece.bpe.model", "tokenizer.model", "tokenizer.json", "vocab.txt"] {
        #expect(error?.description.contains(name) == true)
      }
    }
  }
}
