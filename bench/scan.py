#!/usr/bin/env python3
"""Types cables on paper, ages the paper, reads it back with tesseract, and measures what of the record survives.

  bench/scan.py [--depesha PATH] [--grades 0 1 2 3] [--keep FOLDER] FILE|FOLDER...

Needed are ImageMagick, tesseract with its English and Russian models, and a typewriter's face with Cyrillic letters. Debian:
apt-get install imagemagick tesseract-ocr tesseract-ocr-eng tesseract-ocr-rus fonts-freefont-ttf

The same files give the same pages. The record of the clean text is the measure. A value counts as right in the first columns
if it is nearly the same (three quarters of its letters), as damage.py counts; in the last one only if it is the same. `words`
is how many words the machine read rightly. --keep leaves pages and texts in a folder.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
from collections import Counter

from damage import alike, parse, texts, values

COLUMNS, ROWS, DENSITY = 76, 62, 200
CELL = 20, 35  # dots of a character in 12 points

# What time and the copying machine do to a page, in the order in which it happens.
GRADES = {
    0: [],
    1: ["-blur", "0x0.8", "-rotate", "0.3", "-attenuate", "0.25", "+noise", "Gaussian"],
    2: ["-spread", "1", "-blur", "0x1.1", "-rotate", "-0.7", "-attenuate", "0.5", "+noise", "Gaussian", "-level", "12%,92%"],
    3: ["-spread", "2", "-blur", "0x1.4", "-rotate", "1.1", "-attenuate", "0.8", "+noise", "Gaussian", "-threshold", "62%"],
}


def run(*command, **more):
    try:
        done = subprocess.run(command, capture_output=True, check=False, **more)
    except FileNotFoundError:
        sys.exit(f"scan: {command[0]} is not there. {__doc__.split(chr(10) * 2)[2]}")
    if done.returncode != 0:
        sys.exit("scan: %s: %s" % (command[0], done.stderr.decode(errors="replace")))
    return done.stdout


def typed(text):
    """The text as a typist sets it, page by page. Layout is kept where lines are short enough."""
    lines = []
    for line in text.expandtabs(4).replace("\r", "").replace("\f", "\n").split("\n"):
        wraps = len(line) > COLUMNS and not re.search(r" {3,}\S", line)
        lines += textwrap.wrap(line, COLUMNS) if wraps else [line.rstrip()]
    return ["\n".join(lines[at : at + ROWS]) for at in range(0, len(lines), ROWS)]


def scan(page, image, grade, seed, font):
    lines = page.split("\n")
    width, height = (max([COLUMNS, *map(len, lines)]) + 10) * CELL[0], (len(lines) + 8) * CELL[1]
    run("convert", "-seed", str(seed), "-size", f"{width}x{height}", "xc:white", "-fill", "#1c1c1c", "-font", font,
        "-density", str(DENSITY), "-pointsize", "12", "-annotate", f"+{5 * CELL[0]}+{4 * CELL[1]}",
        page.replace("\\", "\\\\").replace("%", "%%"), "-colorspace", "Gray",
        *GRADES[grade], "-background", "white", "-depth", "8", str(image))


def read_back(image, language):
    return run("tesseract", str(image), "-", "-l", language, "--dpi", str(DENSITY), "--psm", "6",
               "-c", "preserve_interword_spaces=1", env={**os.environ, "OMP_THREAD_LIMIT": "1"}).decode()


def language_of(text):
    return "rus" if len(re.findall("[а-яА-Я]", text)) > len(re.findall("[a-zA-Z]", text)) else "eng"


def words_read(text, got):
    want, have = Counter(text.split()), Counter(got.split())
    return sum((want & have).values()), sum(want.values())


def experiment(file, text, grade, seed, args):
    language = language_of(text)
    pages = typed(text)
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(args.keep or place)
        folder.mkdir(parents=True, exist_ok=True)
        read = []
        for n, page in enumerate(pages):
            image = folder / f"{file.stem}-{grade}-{n + 1}.png"
            scan(page, image, grade, seed, args.font)
            read.append(read_back(image, language).rstrip("\f"))
        got_text = "\f".join(read)
        if args.keep:
            (folder / f"{file.stem}-{grade}.txt").write_text(got_text)
    clean = "\f".join(pages)
    gold, got = values(parse(args.depesha, clean)), values(parse(args.depesha, got_text))
    same = sum((got & gold).values())
    near = same + alike(got - gold, gold - got)
    return language, grade, Counter(same=same, near=near, found=sum(got.values()), expected=sum(gold.values()),
                                    files=1, **dict(zip(("right", "words"), words_read(clean, got_text))))


def row(name, grade, tally):
    def f1(right):
        return 2 * right / max(tally["found"] + tally["expected"], 1)
    print("%-4s %5d %6d %8.1f%% %10.4f %8.4f %8.4f %10.4f" % (
        name, grade, tally["files"], 100 * tally["right"] / max(tally["words"], 1), tally["near"] / max(tally["found"], 1),
        tally["near"] / max(tally["expected"], 1), f1(tally["near"]), f1(tally["same"])))


def main():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--depesha", default="build/depesha")
    top.add_argument("--grades", type=int, nargs="+", default=list(GRADES), choices=list(GRADES))
    top.add_argument("--font", default="FreeMono-Bold")
    top.add_argument("--jobs", type=int, default=2)
    top.add_argument("--keep")
    top.add_argument("files", nargs="+", type=pathlib.Path)
    args = top.parse_args()
    files = [file for name in args.files for file in (texts(name) if name.is_dir() else [name])]
    tasks, tallies = [], {}
    for seed, file in enumerate(files, 1):
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        tasks += [(file, text, grade, seed, args) for grade in args.grades]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for language, grade, tally in pool.map(lambda task: experiment(*task), tasks):
            for name in (language, "all"):
                tallies.setdefault((name, grade), Counter()).update(tally)
    print("%-4s %5s %6s %9s %10s %8s %8s %10s" % ("", "grade", "files", "words", "precision", "recall", "F1", "F1 exact"))
    for (name, grade), tally in sorted(tallies.items()):
        row(name, grade, tally)


if __name__ == "__main__":
    main()
