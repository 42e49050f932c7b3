"""Composes review rows for the training part of Datasets/reviews from the banks beside this file.

The written rows are few; these add what a bag of words cannot see: the scope of a negation, the
clause of a contrast that decides, the verdict in a mixed row, the direction of a comparison, unreal
moods. Nearly every production of the grammar serves both labels, so the same praising and blaming
clauses stand under both, and only order and syntax decide.

It writes no irony and no neutral rows, and nothing for the development or test parts: its rows are
marked `composed` and are for training only.

Example: python3 Scripts/dataset/compose.py --count 10000 --seed 7 --out composed.tsv
"""

import argparse
import itertools
import random
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

BANKS = Path(__file__).resolve().parent / "banks"
DOMAINS = [
  "films", "books", "restaurants", "hotels", "electronics", "apps", "travel", "clothing",
]
SLICES = ["negation", "contrast", "mixed", "intensity", "comparison", "expectation", "plain"]
LABELS = ["positive", "negative"]
HEADER = ["label", "text", "domain", "slice", "source"]
WORDS = range(6, 61)

# How often an optional part is added, and how often a row speaks in contractions.
FACT_SHARE = 0.25
OPENING_SHARE = 0.15
CONTRACTED_SHARE = 0.6
NEVER_SHARE = 0.25
FULL_RIVAL_SHARE = 0.3

# What may follow a weak production, and the slices in which a clause of the other polarity may be
# conceded at the end: there the words of a row no longer betray its label.
SUPPORTS = ["{verdict}.", "{same}.", "{same}, even if {other}.", "{thing} {is} {same phrase}."]
CONCEDING = {"negation", "intensity", "comparison", "expectation"}
CONCESSION_SHARE = 0.3

# Sections of a domain bank that are not topics of clauses.
WORD_SECTIONS = {"kinds", "words", "rivals", "compare", "nouns", "facts", "verdicts"}
PLURAL = {"are", "were", "do"}
PEOPLE = re.compile(
  r"\b(waiter|waitress|owner|staff|crew|receptionist|porter|manager|driver|captain|conductor"
  r"|guide|actor|actress|villain|heroine|detective|narrator|director|team|agency)$"
)


class BankError(Exception):
  """A line of a bank that cannot be read: which file, which line, what was expected."""

  def __init__(self, path, number, expected):
    super().__init__(f"{path.name}:{number}: expected {expected}")


class NoChoice(Exception):
  """A production asked for a clause that the row's kind has no more of; the row is begun anew."""


@dataclass(frozen=True)
class Clause:
  """A finite clause in the tense in which it stands in its bank."""

  sign: str
  topic: str
  subject: str
  predicate: str
  negated: str
  kinds: frozenset

  @property
  def auxiliary(self):
    return self.negated.split()[0]

  @property
  def is_copular(self):
    return self.auxiliary in {"is", "are", "was", "were"}

  @property
  def is_past(self):
    return self.auxiliary in {"was", "were", "did"}

  @property
  def rest(self):
    """What follows the copula, or the bare infinitive: "not" stands between the two in the bank."""
    return self.negated.split(" not ", 1)[1]

  @property
  def complement(self):
    """What follows the auxiliary of the affirmative clause."""
    return self.predicate.split(" ", 1)[1] if self.is_copular else self.rest

  @property
  def base(self):
    return f"be {self.complement}" if self.is_copular else self.complement

  @property
  def pronoun(self):
    """"it" or "they"; a person is "they", for the banks do not say whether she or he."""
    plural = self.auxiliary in PLURAL or PEOPLE.search(self.subject) or self.subject.endswith("s")
    return "they" if plural else "it"

  def fits(self, kind):
    return not self.kinds or kind in self.kinds

  def affirmed(self):
    return f"{self.subject} {self.predicate}"

  def denied(self, never):
    if never and self.auxiliary in {"do", "does"}:
      return f"{self.subject} never {self.predicate}"
    return f"{self.subject} {self.negated}"

  def would(self):
    return f"{self.subject} would {self.base}"

  def infinitive(self):
    return f"{self.subject} to {self.base}"

  def inverted(self):
    """As after a fronted "not only": "was the soup cold"."""
    return f"{self.auxiliary} {self.subject} {self.complement}"

  def had_been(self):
    return f"{self.subject} had been {self.complement}"

  def should(self):
    return f"{self.subject} should {'have been ' + self.complement if self.is_past else self.base}"

  def supposed(self):
    """Copular clauses only: their auxiliary is the copula."""
    return f"{self.subject} {self.auxiliary} supposed to {self.base}"

  def short_denial(self):
    """"it was not", in agreement with `pronoun`."""
    if self.pronoun == "it":
      return f"it {self.auxiliary} not"
    plurals = {"is": "are", "was": "were", "does": "do"}
    return f"they {plurals.get(self.auxiliary, self.auxiliary)} not"


@dataclass
class Bank:
  """The words of one domain, the neutral ones included."""

  clauses: list = field(default_factory=list)
  sections: dict = field(default_factory=dict)

  def marked(self, section, sign):
    """The entries of a section that carry the sign, or those without a sign for ""."""
    return [entry for mark, entry in self.sections.get(section, []) if mark == sign]

  def word(self, key, choose):
    """One of the values of `key = value` in the section of words."""
    pairs = (entry[0].split(" = ", 1) for entry in self.marked("words", ""))
    return choose([value for name, value in pairs if name == key])


def bank_lines(path):
  """Yields (number, section, sign, fields) for each entry of a bank."""
  section = None
  for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), start=1):
    if not line or line.startswith("#"):
      continue
    if line.startswith("["):
      section = line.strip("[]")
      continue
    if section is None:
      raise BankError(path, number, "a [section] before the first entry")
    sign = line[0] if line[:2] in {"+ ", "- "} else ""
    yield number, section, sign, [part.strip() for part in line[len(sign):].split("|")]


def read_words(path, bank):
  """Adds the entries of a file to a bank."""
  for number, section, sign, fields in bank_lines(path):
    if section in WORD_SECTIONS or path.stem.startswith("neutral"):
      bank.sections.setdefault(section, []).append((sign, fields))
      continue
    if len(fields) not in {3, 4} or not sign:
      raise BankError(path, number, "+ or -, subject | predicate | negated predicate (| kinds)")
    if not re.match(r"(is|are|was|were|do|does|did) not ", fields[2]):
      raise BankError(path, number, "a negated predicate that opens with an auxiliary and not")
    kinds = frozenset(fields[3].split(", ")) if len(fields) == 4 else frozenset()
    known = {entry[0] for _, entry in bank.sections["kinds"]}
    if not kinds <= known:
      raise BankError(path, number, f"kinds among {sorted(known)}, found {sorted(kinds - known)}")
    bank.clauses.append(Clause(sign, section, fields[0], fields[1], fields[2], kinds))


def read_banks():
  """Returns the bank of each domain."""
  banks = {}
  for domain in DOMAINS:
    banks[domain] = Bank()
    for name in [domain, "neutral.words", "neutral.verdicts"]:
      read_words(BANKS / f"{name}.txt", banks[domain])
  return banks


def read_grammar():
  """Returns the productions of each slice for each label, as (is weak, template)."""
  path = BANKS / "neutral.grammar.txt"
  grammar = {(name, label): [] for name in SLICES for label in LABELS}
  section = None
  for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), start=1):
    if not line or line.startswith("#"):
      continue
    if re.fullmatch(r"\[\w+\]", line):
      section = line.strip("[]")
      if section not in SLICES:
        raise BankError(path, number, f"one of {SLICES}")
      continue
    labels = {"+": ["positive"], "-": ["negative"]}.get(line[0], LABELS)
    template = line.lstrip("+-*")
    for label in labels:
      grammar[section, label].append((line[0] == "*", template))
  return grammar


class Row:
  """One row in the making; a class because what it has used limits what it may still use."""

  def __init__(self, bank, label, chance):
    self.bank = bank
    self.label = label
    self.chance = chance
    self.sign = "+" if label == "positive" else "-"
    self.opposite = "-" if label == "positive" else "+"
    self.used = set()
    self.kind = self.pick(bank.marked("kinds", ""))[0]
    self.tense = bank.word("tense", chance.choice)
    self.topics = set()
    self.last_clause = None
    self.last_adjective = None
    self.last_nouns = None
    self.is_named = False
    self.says_one = False
    self.judgements = []

  def pick(self, options):
    """One of the options that the row has not used yet."""
    fresh = [option for option in options if str(option) not in self.used]
    if not fresh:
      raise NoChoice
    chosen = self.chance.choice(fresh)
    self.used.add(str(chosen))
    return chosen

  def expand(self, template):
    """Resolves [a], then <a~b>, then (a|b), then the tokens from left to right."""
    side = 1 if self.label == "positive" else 2
    choose = self.chance.choice
    text = re.sub(r"\[([^\[\]]*)\]", lambda match: choose(["", match[1]]), template)
    text = re.sub(r"<([^<>~]*)~([^<>~]*)>", lambda match: match[side], text)
    text = re.sub(r"\(([^()]*\|[^()]*)\)", lambda match: choose(match[1].split("|")), text)
    return re.sub(r"\{([^{}]*)\}", lambda match: self.token(match[1]), text)

  def token(self, name):
    first, _, form = name.partition(" ")
    signs = {"same": self.sign, "other": self.opposite, "plus": "+", "minus": "-"}
    if first in signs:
      return self.signed(signs[first], form)
    return self.unsigned(name)

  def signed(self, sign, form):
    """A clause, adjective, noun or phrase of the given polarity."""
    match form:
      case "noun" | "nouns":
        self.last_nouns = self.pick(self.bank.marked("nouns", sign))
        return self.last_nouns[form == "nouns"]
      case "phrase" | "strong" | "graded" | "feeling":
        section = {"phrase": "phrases", "feeling": "feelings"}.get(form, form)
        judgement = self.pick(self.bank.marked(section, sign))[0]
        self.judgements.append(judgement)
        return judgement
      case "adjective" | "comparative" | "superlative" | "attributive":
        self.last_adjective = self.adjective(sign, one_word=form in {"superlative", "attributive"})
        base, comparative = self.last_adjective[:2]
        forms = {"comparative": comparative, "superlative": superlative(comparative)}
        self.judgements.append(forms.get(form, base))
        return self.judgements[-1]
      case _:
        return self.clause(sign, form)

  def adjective(self, sign, one_word):
    options = [
      entry
      for entry in self.bank.marked("compare", sign)
      if (len(entry) < 3 or self.kind in entry[2].split(", "))
      and not (one_word and " " in entry[0])
    ]
    return self.pick(options)

  def clause(self, sign, form):
    """A clause on a topic new to the row, or for "related" on the topic it touched last."""
    options = [clause for clause in self.bank.clauses if clause.sign == sign]
    options = [clause for clause in options if clause.fits(self.kind)]
    if form == "related":
      last = self.last_clause
      options = [clause for clause in options if clause.topic == last.topic]
      options = [clause for clause in options if clause.subject == last.subject] or options
    else:
      options = [clause for clause in options if clause.topic not in self.topics]
    if form in {"had", "should", "supposed"}:
      options = [clause for clause in options if clause.is_copular]
    clause = self.pick(options)
    self.topics.add(clause.topic)
    self.last_clause = clause
    match form:
      case "" | "related":
        return clause.affirmed()
      case "not":
        return clause.denied(never=self.chance.random() < NEVER_SHARE)
      case "would":
        return clause.would()
      case "to":
        return clause.infinitive()
      case "inverted":
        return clause.inverted()
      case "had":
        return clause.had_been()
      case "should":
        return clause.should()
      case "supposed":
        return clause.supposed()
    raise ValueError(f"neutral.grammar.txt: no form {form!r} of a clause")

  def unsigned(self, name):
    """A word that does not depend on the label, save a verdict, which states it."""
    match name:
      case "thing" | "this" | "kind":
        self.is_named = True
        article = {"thing": self.chance.choice(["this ", "the "]), "this": "this ", "kind": ""}
        return article[name] + self.kind
      case "is":
        return self.tense
      case "rival" | "at rival":
        rival = self.pick(self.bank.marked("rivals", ""))[name == "at rival"]
        return rival.replace("{kind}", self.rival_kind())
      case "verdict":
        return self.expand(self.pick(self.bank.marked("verdicts", self.sign))[0].rstrip("."))
      case "concession":
        return self.expand(self.pick(self.bank.marked("concessions", ""))[0])
      case "fact":
        return self.pick(self.bank.marked("facts", ""))[0].rstrip(".")
      case "again adjective" | "again comparative":
        self.judgements.pop()
        return self.last_adjective[name == "again comparative"]
      case "again nouns":
        return self.last_nouns[1]
      case "it not":
        return self.last_clause.short_denial()
      case "people" | "who":
        return self.pick(self.bank.marked(name, ""))[0]
      case "weight" | "booster" | "strong booster" | "opening":
        return self.pick(self.bank.marked(f"{name}s", ""))[0]
      case "here":
        # "this one" would be unclear beside a rival that is a "one" itself.
        choose = self.choose_here if self.says_one else self.chance.choice
        return self.expand(self.bank.word(name, choose))
      case "again" | "had" | "ever":
        return self.expand(self.bank.word(name, self.chance.choice))
    raise ValueError(f"neutral.grammar.txt: no token {{{name}}}")

  def rival_kind(self):
    """The kind in full, or mostly "one" where the row has named it already."""
    if not self.is_named or self.chance.random() < FULL_RIVAL_SHARE:
      self.is_named = True
      return self.kind
    self.says_one = True
    return "pair" if self.kind.startswith("pair of ") else "one"

  def choose_here(self, options):
    return self.chance.choice([option for option in options if not option.endswith(" one")])

  def repeats_itself(self, text):
    """Whether a judgement stands twice in the text, as in "it is lovely: the garden is lovely"."""
    return any(len(re.findall(rf"\b{word}\b", text)) > 1 for word in self.judgements)


def superlative(comparative):
  """The superlative of a comparative: better, more x, xier."""
  first, _, rest = comparative.partition(" ")
  irregular = {"better": "best", "worse": "worst", "more": "most"}
  return f"{irregular.get(first, first.removesuffix('r') + 'st')} {rest}".strip()


def compose(bank, grammar, slice_name, label, chance):
  """One row's text, or NoChoice where the draw led nowhere."""
  row = Row(bank, label, chance)
  is_weak, template = chance.choice(grammar[slice_name, label])
  takes_opening = re.match(r"\{((same|other|plus)( not)?|thing)\}", template)
  if takes_opening and chance.random() < OPENING_SHARE:
    template = "{opening} " + template
  if is_weak:
    template += " " + chance.choice(SUPPORTS)
  elif slice_name in CONCEDING and chance.random() < CONCESSION_SHARE:
    template += " {concession}"
  if "{fact}" not in template and chance.random() < FACT_SHARE:
    template = chance.choice(["{fact}. " + template] * 3 + [template + " {fact}."])
  text = row.expand(template)
  if row.repeats_itself(text):
    raise NoChoice
  return finish(text, contracted=chance.random() < CONTRACTED_SHARE)


def finish(text, contracted):
  """Articles, capitals and contractions."""
  text = re.sub(r"\ba (?=[aeio]|u(?!s|ni)|hour|honest)", "an ", text)
  text = re.sub(r"(^|[.?!] )([a-z])", lambda match: match[1] + match[2].upper(), text)
  if not contracted:
    return text
  text = re.sub(r"\bcannot\b", "can't", text, flags=re.IGNORECASE)
  text = re.sub(
    r"\b(is|are|was|were|does|do|did|would|could|should|had) not\b(?! (only|merely))",
    lambda match: match[1] + "n't",
    text,
    flags=re.IGNORECASE,
  )
  text = re.sub(r"\b(It|That) is (?=[a-z])", r"\1's ", text)
  text = re.sub(r"\bI would (?=[a-z])", "I'd ", text)
  return re.sub(r"\bI am (?=[a-z])", "I'm ", text)


def compose_rows(count, seed):
  """Returns `count` different rows, the same for the same seed.

  Domains, slices and labels come equally often: the rows go round all their combinations.
  """
  banks, grammar = read_banks(), read_grammar()
  chance = random.Random(seed)
  cells = list(itertools.product(DOMAINS, SLICES, LABELS))
  texts, rows = set(), []
  while len(rows) < count:
    domain, name, label = cells[len(rows) % len(cells)]
    try:
      text = compose(banks[domain], grammar, name, label, chance)
    except NoChoice:
      continue
    if text in texts or len(text.split()) not in WORDS:
      continue
    texts.add(text)
    rows.append([label, text, domain, name, "composed"])
  chance.shuffle(rows)
  return rows


def main():
  parser = argparse.ArgumentParser(description="Compose review rows for training.")
  parser.add_argument("--count", type=int, default=10_000, help="rows (default %(default)s)")
  parser.add_argument("--seed", type=int, default=1, help="of every choice (default %(default)s)")
  parser.add_argument("--out", type=Path, required=True, help="tab-separated file to write")
  arguments = parser.parse_args()
  try:
    rows = compose_rows(arguments.count, arguments.seed)
  except BankError as error:
    sys.exit(f"compose: {error}")
  lines = ["\t".join(row) for row in [HEADER, *rows]]
  arguments.out.write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
  main()
