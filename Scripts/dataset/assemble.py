"""Assembles the training, development and test parts of Datasets/reviews.

Written rows are files of `label<TAB>domain<TAB>slice<TAB>text` without a header; composed rows are
as compose.py writes them. Near-duplicates go: rows of equal words, or with eight words in a row in
common, across the splits and within each. The test part keeps its row, then the development part;
in the training part a written row goes before a composed one.

Example: python3 Scripts/dataset/assemble.py WRITTEN... --dev DEV --test TEST \\
  --composed composed.tsv --out Datasets/reviews
"""

import argparse
import csv
import random
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SHIFTED_DOMAINS = ["repairs", "courses"]
TRAINED_DOMAINS = [
  "films", "books", "restaurants", "hotels", "electronics", "apps", "travel", "clothing"
]
DOMAINS = TRAINED_DOMAINS + SHIFTED_DOMAINS
SLICES = [
  "negation", "contrast", "mixed", "intensity", "comparison", "expectation", "irony", "plain"
]
LABELS = ["positive", "negative"]
HEADER = ["label", "text", "domain", "slice", "source"]
TEST_ROWS_PER_DOMAIN = 120
DEV_ROWS_PER_DOMAIN = 75
LEAST_TEST_ROWS_PER_SLICE = 80
MOST_COMPOSED_ROWS = 12_000
WORDS = range(4, 76)
RUN = 8  # words in a row that no two rows share


@dataclass(frozen=True)
class Row:
  """One review, and the place where it was found."""

  label: str
  text: str
  domain: str
  slice: str
  source: str
  place: str

  @property
  def words(self):
    return words_of(self.text)

  @property
  def prints(self):
    """All that another row must not share: the words as a whole, and each run of eight."""
    words = self.words
    runs = {" ".join(words[i:i + RUN]) for i in range(len(words) - RUN + 1)}
    return runs | {" ".join(words)}

  @property
  def fault(self):
    """What is wrong with the row, or None."""
    if self.label not in LABELS:
      return f"label: expected one of {LABELS}, found {self.label!r}"
    if self.domain not in DOMAINS:
      return f"domain: expected one of {DOMAINS}, found {self.domain!r}"
    if self.slice not in SLICES:
      return f"slice: expected one of {SLICES}, found {self.slice!r}"
    if not re.fullmatch(r"[ -~]*", self.text):
      return "text: expected printable ASCII"
    if len(self.words) not in WORDS:
      return f"text: expected {WORDS[0]} to {WORDS[-1]} words, found {len(self.words)}"
    return None


def words_of(text):
  return re.findall(r"[a-z0-9']+", text.lower())


def checked(rows):
  """The rows, if none has a fault; else ends the program, naming each."""
  faults = [f"{row.place}: {row.fault}" for row in rows if row.fault]
  if faults:
    sys.exit("assemble: " + "\nassemble: ".join(faults))
  return rows


def fields_by_line(path, count):
  """Yields (place, fields) for each line."""
  for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
    if not line:
      continue
    fields = line.split("\t")
    if len(fields) != count:
      sys.exit(f"assemble: {path}:{number}: expected {count} fields, found {len(fields)}")
    yield f"{path}:{number}", fields


def read_written(folder):
  """The rows of all files of a folder."""
  paths = sorted(folder.glob("*.tsv"))
  if not paths:
    sys.exit(f"assemble: {folder}: expected *.tsv")
  return checked([
    Row(label, text, domain, name, "written", place)
    for path in paths
    for place, (label, domain, name, text) in fields_by_line(path, 4)
  ])


def read_composed(path):
  """The rows that compose.py wrote."""
  (_, header), *lines = fields_by_line(path, len(HEADER))
  if header != HEADER:
    sys.exit(f"assemble: {path}: expected the header {HEADER}, found {header}")
  return checked([Row(*fields, place) for place, fields in lines])


def read_dropped(path):
  """The texts, as words, in the column `text` of a table of rows that are not to be used."""
  with path.open(encoding="utf-8", newline="") as file:
    table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    return {tuple(words_of(row["text"])) for row in table}


def distinct(rows, seen):
  """The rows that are no near-duplicate of one kept before, nor of one whose prints are `seen`."""
  seen = set(seen)
  kept = []
  for row in rows:
    prints = row.prints
    if seen.isdisjoint(prints):
      kept.append(row)
      seen |= prints
  return kept


def prints_of(rows):
  return set().union(*(row.prints for row in rows))


def pick(rows, domains, per_domain, chance):
  """`per_domain` rows of each domain, labels balanced, slices as equal as they come; shuffled.

  It takes rows one at a time, for each domain and label from the slice that has the fewest so far.
  """
  pools = {}
  for row in chance.sample(rows, len(rows)):
    pools.setdefault((row.domain, row.slice, row.label), []).append(row)
  taken = Counter()
  picked = []
  for index in range(len(domains) * per_domain):
    turn, domain = divmod(index, len(domains))
    # Odd and even domains begin with different labels, so that odd counts even out.
    label = LABELS[(turn + domain) % len(LABELS)]
    domain = domains[domain]
    slices = [name for name in SLICES if pools.get((domain, name, label))]
    if not slices:
      sys.exit(f"assemble: {domain}, {label}: expected {per_domain} rows of both labels, too few")
    name = min(slices, key=lambda name: (taken[domain, name], taken[label, name], taken[name]))
    picked.append(pools[domain, name, label].pop())
    taken.update([(domain, name), (label, name), name])
  chance.shuffle(picked)
  return picked


def balanced(rows):
  """The first rows of each label, as many as the rarer one has."""
  count = min(Counter(row.label for row in rows)[label] for label in LABELS)
  left = Counter({label: count for label in LABELS})
  kept = []
  for row in rows:
    if left[row.label] > 0:
      left[row.label] -= 1
      kept.append(row)
  return kept


def write(path, rows):
  lines = [HEADER] + [[getattr(row, name) for name in HEADER] for row in rows]
  path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="ascii")


def print_counts(splits):
  """A table: one line for each value of each column, one column for each split."""
  print(f"{'':14}" + "".join(f"{name:>8}" for name in splits))
  print(f"{'rows':14}" + "".join(f"{len(rows):8}" for rows in splits.values()))
  values = {
    "label": LABELS, "source": ["written", "composed"], "domain": DOMAINS, "slice": SLICES
  }
  for column, names in values.items():
    counts = [Counter(getattr(row, column) for row in rows) for rows in splits.values()]
    for name in names:
      print(f"{name:14}" + "".join(f"{count[name]:8}" for count in counts))


def main():
  parser = argparse.ArgumentParser(description="Assemble the splits of Datasets/reviews.")
  parser.add_argument("train", type=Path, nargs="+", help="folders of written training rows")
  parser.add_argument("--dev", type=Path, required=True, help="folder of development rows")
  parser.add_argument("--test", type=Path, required=True, help="folder of test rows")
  parser.add_argument("--composed", type=Path, help="file of composed training rows")
  parser.add_argument("--drop", type=Path, help="table with a column `text` of rows not to use")
  parser.add_argument("--seed", type=int, default=1, help="of every choice (default %(default)s)")
  parser.add_argument("--out", type=Path, required=True, help="folder to write to")
  arguments = parser.parse_args()

  written = [row for folder in arguments.train for row in read_written(folder)]
  composed = read_composed(arguments.composed) if arguments.composed else []
  dev = read_written(arguments.dev)
  test = read_written(arguments.test)
  dropped = read_dropped(arguments.drop) if arguments.drop else set()
  for words in dropped - {tuple(row.words) for row in written + composed + dev + test}:
    sys.exit(f"assemble: {arguments.drop}: expected a text among the rows: {' '.join(words)}")
  chance = random.Random(arguments.seed)

  def usable(rows, domains):
    return [row for row in rows if row.domain in domains and tuple(row.words) not in dropped]

  found = usable(test, DOMAINS)
  test = pick(distinct(found, set()), DOMAINS, TEST_ROWS_PER_DOMAIN, chance)
  slices = Counter(row.slice for row in test)
  if min(slices[name] for name in SLICES) < LEAST_TEST_ROWS_PER_SLICE:
    sys.exit(f"assemble: test: expected {LEAST_TEST_ROWS_PER_SLICE} rows a slice, found {slices}")
  held_out = prints_of(test)

  found = usable(dev, TRAINED_DOMAINS)
  dev = pick(distinct(found, held_out), TRAINED_DOMAINS, DEV_ROWS_PER_DOMAIN, chance)
  held_out |= prints_of(dev)

  found = usable(written + composed, TRAINED_DOMAINS)
  different = distinct(found, held_out)
  kept = [row for row in different if row.source == "written"]
  kept += [row for row in different if row.source == "composed"][:MOST_COMPOSED_ROWS]
  train = balanced(kept)
  chance.shuffle(train)

  splits = {"train": train, "dev": dev, "test": test}
  arguments.out.mkdir(parents=True, exist_ok=True)
  for name, rows in splits.items():
    write(arguments.out / f"{name}.tsv", rows)
  print_counts(splits)
  print("\nTraining rows of each source, step by step:")
  steps = {
    "found": written + composed, "usable": found, "distinct": different, "within the limit": kept,
    "balanced": train,
  }
  for step, rows in steps.items():
    counts = Counter(row.source for row in rows)
    print(f"  {step:18}{counts['written']:8} written{counts['composed']:8} composed")


if __name__ == "__main__":
  main()
