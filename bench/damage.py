#!/usr/bin/env python3
"""Damages transcriptions the way scans and typists do, and measures what of the record survives.

  bench/damage.py damage --percent 2 --seed 1 FILE      prints the damaged text
  bench/damage.py copy --percent 2 --seed 1 FROM TO     damaged copies of all texts of a folder, records beside them
  bench/damage.py curve [--depesha PATH] FOLDER OUT.svg precision, recall and F1 against the damage

The same seed gives the same damage. `curve` compares with the record of the undamaged text. A value that is damaged
itself counts as right where it is nearly the same (three quarters of its letters); the last column counts only those
that came out without any damage.
"""
import argparse
import difflib
import json
import pathlib
import random
import subprocess
import sys
from collections import Counter

CONFUSED = {
    "0": "Oo", "1": "lI", "3": "8", "5": "S", "6": "b", "8": "B", "l": "1I", "I": "1l", "O": "0", "o": "0c", "S": "5",
    "B": "8", "e": "c", "c": "e", "h": "b", "b": "h", "n": "u", "u": "n", "t": "f", "f": "t", "i": "l", "a": "o",
    "m": ["rn"], "w": ["vv"], "d": ["cl"], "E": "F", "F": "E", "C": "G", "G": "C", "R": "K", "N": "H", "U": "V",
    "V": "U", "M": "N", "D": "O", "T": "I", ".": ",", ",": ".", ":": ";",
    "а": "о", "о": "а0", "е": "с", "с": "е", "и": "н", "н": "и", "п": "н", "т": "г", "г": "т", "ш": "щ", "в": "з",
    "з": "э", "л": "п", "р": "о", "О": "0", "З": "3", "И": "Н", "Н": "И", "П": "Н", "Ш": "Щ", "В": "З", "Л": "П",
    "Г": "Т", "Т": "Г", "Е": "Б", "С": "О",
}


def damage_characters(text, percent, rng):
    out = []
    for c in text:
        if c == "\n" or rng.random() * 100 >= percent:
            out.append(c)
            continue
        kind = rng.random()
        if c == " ":
            out.append("" if kind < 0.7 else "  ")
        elif kind < 0.65:
            out.append(rng.choice(CONFUSED.get(c, [c if c.isspace() else "□"])))
        elif kind < 0.75:
            pass
        elif kind < 0.85:
            out.append("□")
        else:
            out.append(c + " ")
    return "".join(out)


def damage_lines(text, percent, rng):
    lines = text.split("\n")
    i = 0
    while i + 1 < len(lines):
        chance = rng.random() * 100 / max(percent, 1e-9)
        if chance < 0.2:
            del lines[i]
        elif chance < 0.5:
            lines[i], lines[i + 1] = lines[i + 1], lines[i]
        elif chance < 1:
            lines[i : i + 2] = [lines[i].rstrip() + " " + lines[i + 1].lstrip()]
        i += 1
    return "\n".join(lines)


def damage(text, percent, seed, lines=True):
    rng = random.Random(f"{seed} {percent}")
    text = damage_characters(text, percent, rng)
    return damage_lines(text, percent, rng) if lines else text


def texts(folder):
    return sorted(p for p in pathlib.Path(folder).glob("*.txt"))


def read(path):
    return path.read_text(encoding="utf-8", errors="strict")


def flat(value, path=""):
    """What a record says, as "path value"; the running text is left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if path + key not in ("cable.body", "cable.unparsed", "cable.findings"):
                yield from flat(inner, path + key + ".")
    elif isinstance(value, list):
        for inner in value:
            yield from flat(inner, path)
    elif value is not None:
        yield path + " " + " ".join(str(value).lower().split()).strip(" .,;:")


def values(record):
    return Counter(v for part in ("cable", "catalog") for v in flat(record.get(part) or {}, part + "."))


def parse(depesha, text):
    run = subprocess.run([depesha, "parse", "-f", "ndjson"], input=text.encode(), capture_output=True)
    if run.returncode not in (0, 1) or not run.stdout:
        sys.exit("damage: %s" % run.stderr.decode())
    return json.loads(run.stdout.split(b"\n")[0])


def alike(got, gold):
    """How many further values are those of the record as the damaged text has them: nearly the same."""
    rest = Counter(gold)
    count = 0
    for value in got.elements():
        near = difflib.get_close_matches(value, [v for v in rest if v.split(" ")[0] == value.split(" ")[0]], 1, 0.75)
        if near:
            rest -= Counter(near)
            count += 1
    return count


def measure(depesha, files, golds, percent, seeds, lines):
    same = near = found = expected = 0
    for seed in range(1, seeds + 1):
        for file, gold in zip(files, golds):
            got = values(parse(depesha, damage(read(file), percent, f"{seed} {file.name}", lines)))
            same += sum((got & gold).values())
            near += sum((got & gold).values()) + alike(got - gold, gold - got)
            found += sum(got.values())
            expected += sum(gold.values())
    figures = []
    for right in (near, same):
        precision, recall = right / max(found, 1), right / max(expected, 1)
        figures += [precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)]
    return figures


def svg(points):
    width, height, left, bottom = 640, 400, 60, 50
    most = max(p[0] for p in points) or 1

    def at(x, y):
        return "%.1f,%.1f" % (left + x / most * (width - left - 20), 20 + (1 - y) * (height - bottom - 20))

    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">'
             % (width, height), '<rect width="100%" height="100%" fill="white"/>']
    for tenth in range(0, 11, 2):
        x, y = at(0, tenth / 10).split(",")
        parts.append('<path d="M%s %sH%d" stroke="#ddd"/><text x="20" y="%s">%.1f</text>'
                     % (x, y, width - 20, y, tenth / 10))
    for percent, *_ in points:
        x, y = at(percent, 0).split(",")
        parts.append('<text x="%s" y="%d" text-anchor="middle">%g</text>' % (x, height - 30, percent))
    for n, (name, colour) in enumerate((("precision", "#1b9e77"), ("recall", "#d95f02"), ("F1", "#7570b3"))):
        line = " ".join(at(p[0], p[n + 1]) for p in points)
        parts.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>' % (line, colour))
        parts.append('<text x="%d" y="%d" fill="%s">%s</text>' % (width - 90, 40 + 16 * n, colour, name))
    parts.append('<text x="%d" y="%d" text-anchor="middle">damaged characters and lines, percent</text></svg>'
                 % (width // 2, height - 10))
    return "\n".join(parts) + "\n"


def main():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = top.add_subparsers(dest="verb", required=True)
    for verb, names in (("damage", ["file"]), ("copy", ["source", "target"]), ("curve", ["folder", "out"])):
        sub = verbs.add_parser(verb)
        sub.add_argument("--seed", type=int, default=1)
        sub.add_argument("--characters-only", action="store_true", help="leave the lines as they are")
        if verb != "curve":
            sub.add_argument("--percent", type=float, required=True)
        else:
            sub.add_argument("--depesha", default="build/depesha")
            sub.add_argument("--seeds", type=int, default=3)
            sub.add_argument("--percents", type=float, nargs="+", default=[0, 0.5, 1, 2, 3, 5, 8, 12])
        for name in names:
            sub.add_argument(name)
    args = top.parse_args()
    lines = not args.characters_only
    if args.verb == "damage":
        sys.stdout.write(damage(read(pathlib.Path(args.file)), args.percent, args.seed, lines))
    elif args.verb == "copy":
        target = pathlib.Path(args.target)
        target.mkdir(parents=True, exist_ok=True)
        for file in pathlib.Path(args.source).iterdir():
            if file.suffix in (".json", ".tsv"):
                (target / file.name).write_bytes(file.read_bytes())
        for file in texts(args.source):
            (target / file.name).write_text(damage(read(file), args.percent, f"{args.seed} {file.name}", lines))
    else:
        files, golds = [], []
        for file in texts(args.folder):
            try:
                text = read(file)
            except UnicodeDecodeError:
                continue
            files.append(file)
            golds.append(values(parse(args.depesha, text)))
        points = []
        print("%8s %10s %10s %10s   %s" % ("damage %", "precision", "recall", "F1", "F1 of values without any damage"))
        for percent in args.percents:
            points.append((percent, *measure(args.depesha, files, golds, percent, args.seeds, lines)))
            print("%8g %10.4f %10.4f %10.4f   %10.4f" % (*points[-1][:4], points[-1][6]), flush=True)
        pathlib.Path(args.out).write_text(svg(points))


if __name__ == "__main__":
    main()
