import Reports
import Testing
import Text

@Suite struct BagOfWordsTests {
  private func dataset(_ rows: [(String, Int)], labels: [String] = ["no", "yes"]) -> Dataset {
    Dataset(examples: rows.map { Example(text: $0.0, label: $0.1) }, labelNames: labels)
  }

  @Test func itLearnsWhatWordsTell() {
    let words = [
      ["dull", "poor", "slow"], ["fine", "bright", "quick"], ["odd", "strange", "weird"],
    ]
    let things = ["film", "meal", "room", "phone"]
    let rows = words.indices.flatMap { label in
      words[label].flatMap { word in things.map { ("The \($0) was \(word).", label) } }
    }
    let bag = BagOfWords(dataset(rows, labels: ["bad", "good", "odd"]))
    #expect(bag.answers(rows.map { Example(text: $0.0) }) == rows.map(\.1))
    // Case and punctuation are not words; a new noun tells nothing.
    let new = ["DULL book!", "a (quick) walk", "strange, strange"].map { Example(text: $0) }
    #expect(bag.answers(new) == [0, 1, 2])
  }

  /// Each text has its mirror image with the other label: both are the same bag.
  @Test func itCannotLearnOrder() {
    let words = ["red", "blue", "green", "black", "white"]
    let rows = words.indices.flatMap { first in
      words.indices.filter { $0 != first }.map { second in
        ("\(words[first]) before \(words[second])", first < second ? 1 : 0)
      }
    }
    let answers = BagOfWords(dataset(rows)).answers(rows.map { Example(text: $0.0) })
    let right = zip(answers, rows).count { $0 == $1.1 }
    #expect(right == rows.count / 2)
  }

  @Test func unknownWordsAndEmptyTextsGetTheMoreFrequentLabel() {
    let rows = [("a b", 1), ("b a", 1), ("a", 1), ("b", 0)]
    let bag = BagOfWords(dataset(rows))
    #expect(bag.answers([Example(text: ""), Example(text: "never seen")]) == [1, 1])
  }

  @Test func theSecondTextsWordsAreOtherWords() {
    let rows = (0..<8).map { index in
      let isYes = index % 2 == 0
      return Example(
        text: isYes ? "left side" : "right side", secondText: isYes ? "right side" : "left side",
        label: isYes ? 1 : 0)
    }
    let data = Dataset(examples: rows, labelNames: ["no", "yes"])
    #expect(BagOfWords(data).answers(rows) == rows.map { $0.label ?? -1 })
  }

  @Test func itNeedsNoExamplesAndNoSeed() {
    let nothing = BagOfWords(dataset([]))
    #expect(nothing.answers([Example(text: "word")]) == [0])
    let rows = [("good good", 1), ("bad", 0), ("good", 1), ("bad bad", 0)]
    let texts = ["good", "bad", "good bad"].map { Example(text: $0) }
    #expect(
      BagOfWords(dataset(rows)).answers(texts)
        == BagOfWords(dataset(rows.reversed())).answers(texts))
  }
}
