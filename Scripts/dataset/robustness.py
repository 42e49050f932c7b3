"""Makes robustness.tsv of Datasets/reviews: the test rows with typos, odd casing, no punctuation.

Typos touch no word of fewer than four letters, so "not" and "no" stand, and of a word one place
only, never its first letter. Labels are carried over from the test rows.

Example: python3 Scripts/dataset/robustness.py --test Datasets/reviews/test.tsv \\
  --out Datasets/reviews/robustness.tsv
"""

import argparse
import csv
import random
import re
from pathlib import Path

NEIGHBOURS = {
  "a": "qwsz", "b": "vghn", "c": "xdfv", "d": "serfcx", "e": "wsdr", "f": "drtgvc", "g": "ftyhbv",
  "h": "gyujnb", "i": "ujko", "j": "huikmn", "k": "jiolm", "l": "kop", "m": "njk", "n": "bhjm",
  "o": "iklp", "p": "ol", "q": "wa", "r": "edft", "s": "awedxz", "t": "rfgy", "u": "yhji",
  "v": "cfgb", "w": "qase", "x": "zsdc", "y": "tghu", "z": "asx",
}
WORDS_PER_TYPO = 6
MOST_TYPOS = 4


def misspelled(word, chance):
  """The word with one letter struck amiss, left out, or exchanged with the next."""
  at = chance.randrange(1, len(word) - 1)
  neighbour = chance.choice(NEIGHBOURS[word[at].lower()])
  forms = [
    word[:at] + neighbour + word[at + 1:],
    word[:at] + word[at + 1:],
    word[:at] + word[at + 1] + word[at] + word[at + 2:],
  ]
  return chance.choice([form for form in forms if form != word])


def typos(text, chance):
  """One typo in about six words, four at most."""
  words = list(re.finditer(r"[A-Za-z]{4,}", text))
  count = min(max(1, round(len(text.split()) / WORDS_PER_TYPO)), MOST_TYPOS, len(words))
  for match in sorted(chance.sample(words, count), key=lambda match: -match.start()):
    text = text[:match.start()] + misspelled(match[0], chance) + text[match.end():]
  return text


def casing(text, chance):
  """All lower, all upper, or each letter by chance."""
  mixed = "".join(chance.choice([letter.lower(), letter.upper()]) for letter in text)
  return chance.choice([text.lower(), text.upper(), mixed])


def punctuation(text, chance):
  """Letters, digits and single spaces only; a point or colon within a number stays."""
  text = text.replace("'", "")
  text = re.sub(r"(?<!\d)[^\w\s]|[^\w\s](?!\d)", " ", text)
  return " ".join(text.split())


VARIANTS = {"typos": typos, "casing": casing, "punctuation": punctuation}


def main():
  parser = argparse.ArgumentParser(description="Make the robustness part of Datasets/reviews.")
  parser.add_argument("--test", type=Path, required=True, help="the test part")
  parser.add_argument("--seed", type=int, default=1, help="of every choice (default %(default)s)")
  parser.add_argument("--out", type=Path, required=True, help="tab-separated file to write")
  arguments = parser.parse_args()

  with arguments.test.open(encoding="ascii", newline="") as file:
    table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    rows, columns = list(table), table.fieldnames
  lines = [columns + ["variant", "row"]]
  for index, row in enumerate(rows):
    for name, vary in VARIANTS.items():
      # Seeded by row and variant: to change one leaves the others as they are.
      text = vary(row["text"], random.Random(f"{arguments.seed}/{name}/{index}"))
      lines.append([*(row | {"text": text}).values(), name, str(index)])
  arguments.out.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="ascii")


if __name__ == "__main__":
  main()
