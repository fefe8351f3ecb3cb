#!/usr/bin/env python3
"""adversarial.py DEPESHA: inputs that are made to be slow, and how time and memory grow with them.

Each family is parsed at several sizes. Time is of the processor, less what an empty text takes; the exponent is the
slope of log(time) over log(size), fitted by least squares. It fails where an exponent is above LIMIT, or the memory
above 8 times the input and 16 MB.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile

LIMIT = 1.1
MEMORY_TIMES, MEMORY_MORE = 8, 16 << 20
LONG = 100 << 20
KIB, MIB = 1 << 10, 1 << 20
HEADER = "NKID\n10TH DEPARTMENT\nOutgoing № 7315  Form № 18\nSent at 2315, 3 March 1946\nTOP SECRET\nto where ANKARA to whom TO VINOGRADOV\n\n"
LABELS = (
    "Outgoing № 12\nIncoming № 13\nSpets. № 14-17\nForm № 18\nReceived at 0450, 8 May 1946\nSent at 0850, 8 May 1946\n"
    "TOP SECRET\nCopy № 1\nFROM: OSLO\nto where OSLO to whom TO IVANOV\nFLASH PRECEDENCE\n3 copies Is\n8 May 1946\n"
    "1. Cde. Ivanov\nDeciphered by Petrov\nArchive: fond 1, opis 2, delo 3, listy 4-5\nhave been familiarized: Petrov\n"
)


def repeated(text):
    unit = text.encode()
    return lambda size: (unit * (size // len(unit) + 1))[:size]


def behind(header, text):
    make = repeated(text)
    return lambda size: header.encode() + make(size - len(header.encode()))


def alternating(size):
    lines, have, n = [], 0, 0
    while have < size:
        line = ("TOP □□CRET Outgoing № 1□2\n" if n % 2 else "[illegible] Sent at 08□0, 8 M□y 1946 [...]\n").encode()
        lines.append(line)
        have += len(line)
        n += 1
    return b"".join(lines)[:size]


def nested(size):
    half = size // 2
    return b"[(\"" * (half // 3) + b"\")]" * (half // 3)


FAMILIES = {
    "one line of letters": repeated("a"),
    "one line of words": repeated("the answer will be given "),
    "one line of blanks": repeated(" "),
    "one line of labels": repeated("Outgoing No. 7 Sent at 0850, 8 May 1946 TOP SECRET "),
    "one line of digits": repeated("1234567890"),
    "one line of dates": repeated("8 May 1946 "),
    "one line of damage": repeated("□"),
    "one line of names": repeated("MOLOTOV, VYSHINSKY, "),
    "one line in Russian": repeated("ответ будет дан в "),
    "empty lines": repeated("\n"),
    "lines of one letter": repeated("a\n"),
    "lines of prose": repeated("The answer will be given in a few days, as was agreed upon.\n"),
    "paragraphs": behind(HEADER, "The answer will be given in a few days, as was agreed upon.\n\n"),
    "opening brackets": repeated("["),
    "brackets line by line": repeated("[\n"),
    "brackets that nest": nested,
    "notes that never close": repeated("[handwritten: "),
    "quotes that nest": repeated("> \"«"),
    "Copy No.": repeated("Copy No. 1\n"),
    "TOP SECRET": repeated("TOP SECRET\n"),
    "numbers of lists": repeated("1. Cde. Ivanov\n"),
    "every label": repeated(LABELS),
    "headers one behind another": repeated(HEADER),
    "cables one behind another": repeated(HEADER + "The answer will be given.\n\nV. DEKANOZOV\n\n2 copies Ks\n\n"),
    "a header, and labels": behind(HEADER, "Your No. 811, 812-813\n"),
    "references in one line": behind(HEADER, "Your Nos. 811, 812-813, "),
    "damage, in turn": alternating,
    "blank between letters": repeated("S H T Y K O V "),
    "hyphens": repeated("-"),
    "rules and dots": repeated("....----____\n"),
    "NUL bytes": repeated("\0"),
    "bytes that are no text": repeated("\0\1\2\3\4"),
    "broken UTF-8": lambda size: (b"\xff\xc3" * size)[:size],
    "UTF-16": lambda size: ("TOP SECRET\n" * (size // 22 + 1)).encode("utf-16-le")[: size // 2 * 2],
    "Windows-1251": lambda size: ("Совершенно секретно\r\n" * (size // 21 + 1)).encode("cp1251")[:size],
    "soft hyphens": repeated("a\u00ad"),
    "combining marks": repeated("e\u0301"),
    "HTML that is never closed": repeated("<div><p>"),
    "HTML entities": repeated("&amp;#1234;&"),
    "backslashes": repeated("\\\\*_"),
    "Markdown tables": repeated("| a | b |\n"),
}

# A pattern that tries all ways to divide a word: its production is named in a finding, and the time stays linear.
CATASTROPHE = r"""grammar mine 1 "Mine"
include "soviet"
field hostile in header weight 5
    = start /(?:a|aa|a+)+[bd]/
    eg "aab" -> ""
"""


def run(words):
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status), message


def slope(points):
    points = [(math.log(size), math.log(seconds)) for size, seconds in points]
    x, y = (sum(axis) / len(points) for axis in zip(*points))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


class Trial:
    def __init__(self, options, folder):
        self.options, self.path = options, os.path.join(folder, "input.txt")
        self.bad = []

    def write(self, make, size):
        """Another process makes the input: the memory of this one counts as that of those it starts."""
        child = os.fork()
        if child == 0:
            with open(self.path, "wb") as file:
                file.write(make(size))
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
            sys.exit("the input could not be made")
        return os.path.getsize(self.path)

    def parse(self, *words):
        seconds, memory, status, message = run([self.options.depesha, *self.options.command.split(), "-j", "1", *words, self.path])
        if status not in (0, 1, 2):
            self.bad.append(f"exit status {status}")
        return seconds, memory, message

    def family(self, name, make, *words):
        self.write(lambda size: b"x\n", 2)
        start = min(self.parse(*words)[0] for _ in range(3))
        points, memory = [], 0
        for size in self.options.sizes:
            written = self.write(make, size)
            seconds, most, message = self.parse(*words)
            points.append((written, max(seconds - start, 0.001)))
            memory = most
            if seconds > self.options.patience:
                break
        exponent = slope(points[-4:]) if len(points) > 1 else math.inf
        size, seconds = points[-1]
        allowed = MEMORY_TIMES * size + MEMORY_MORE
        flags = ("  SLOW" if exponent > LIMIT else "") + ("  LARGE" if memory > allowed else "")
        print(f"{name:28} {size / MIB:6.1f} {seconds:8.2f} {size / MIB / seconds:8.2f} {exponent:6.2f} "
              f"{memory / MIB:8.1f} {memory / size:6.1f}{flags}", flush=True)
        if flags:
            self.bad.append(name)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("depesha")
    parser.add_argument("--largest", type=int, default=16, help="MB (default 16)")
    parser.add_argument("--command", default="parse -f ndjson", help="what is measured (default: parse -f ndjson)")
    parser.add_argument("--patience", type=float, default=120, help="seconds for one input; larger ones are left out")
    parser.add_argument("--only", default="", help="families whose name holds this")
    options = parser.parse_args()
    options.sizes = [size for size in (64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB) if size <= options.largest * MIB]
    print(f"{'family':28} {'MB':>6} {'seconds':>8} {'MB/s':>8} {'expo.':>6} {'mem. MB':>8} {'times':>6}")
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(options, folder)
        for name, make in FAMILIES.items():
            if options.only in name:
                trial.family(name, make)
        grammar = os.path.join(folder, "mine.grammar")
        with open(grammar, "w") as file:
            file.write(CATASTROPHE)
        if options.only in "a hostile grammar":
            trial.family("a hostile grammar", repeated("a" * 60 + "\n"), "-g", grammar)
        if not options.only and options.largest >= 16:
            trial.family("100 MB in one line", lambda size: b"a" * (LONG * size // options.sizes[-1]))
    print("all is linear" if not trial.bad else f"not linear: {', '.join(trial.bad)}")
    return 1 if trial.bad else 0


if __name__ == "__main__":
    sys.exit(main())
