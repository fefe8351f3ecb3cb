#!/usr/bin/env python3
"""corpus.py DEPESHA CABLES FOLDER: many different cables, made of the samples; the same ones each time.

FOLDER gets
    cables/NNN/NNNNNN.txt   a cable a file, a thousand in a folder
    cables.ndjson           the same as lines of JSON: id, text
    cables.txt              the same in one file
    long/, long.txt         like the longest sample, with a body of 6 KB: what a dossier of full cables looks like
    header.txt              the lines of all cables that hold a field: what a log normaliser can read
    counts.json             how many of what

What may change in a cable is asked of depesha itself: the leaves of each sample say where its numbers, times, names and
its body are.
"""

import json
import os
import random
import re
import subprocess
import sys

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "samples")
LONG = "ankara-1947.md"
MEAN, LONG_BODY = 2800, 5000  # bytes of a cable, of a long one's body
NAMES = {
    "latin": "Abramov Belkin Vetrov Gorin Denisov Yegorov Zhilin Zotov Ivlev Karpov Lapin Mishin Nosov Orlov Petrov "
             "Rudin Savin Titov Ulanov Fokin Khokhlov Tsarev Chernov Shubin Yasin".split(),
    "cyrillic": "Абрамов Белкин Ветров Горин Денисов Егоров Жилин Зотов Ивлев Карпов Лапин Мишин Носов Орлов Петров "
                "Рудин Савин Титов Уланов Фокин Хохлов Царев Чернов Шубин Ясин".split(),
}
NUMBERS = ("outgoing_number", "incoming_number", "telegram_number", "special_number")
TIMES = ("received_at", "sent_at", "arrived_at", "deciphered_at", "typed_at", "date")
PEOPLE = ("to.person", "from.person", "signature", "copies.distribution.name")


def another_number(text, dice):
    return re.sub(r"\d{2,}", lambda m: str(dice.randint(10 ** (len(m[0]) - 1), 10 ** len(m[0]) - 1)), text)


def another_time(text, dice):
    """Another day of the month, another minute: what stays is the month, the year and the way it is written."""
    text = re.sub(r"(?<![\d.:/IVX])([1-9]|1\d|2[0-8])(?=(?:-го)?[ ./](?:[A-Za-zА-Яа-яIVX]|\d{1,2}[./]))",
                  lambda m: str(dice.randint(10, 28) if len(m[0]) == 2 else dice.randint(1, 9)), text)
    return re.sub(r"(?<!\d)(0\d|1[0-8])([0-5]\d)(?![\d./-])", lambda m: m[1] + "%02d" % dice.randint(0, 59), text)


def another_name(text, dice):
    script = "cyrillic" if re.search("[А-Яа-я]", text) else "latin"
    if not re.fullmatch(r"[A-ZА-Я][A-Za-zА-Яа-я]+", text):
        return text
    name = dice.choice(NAMES[script])
    return name.upper() if text.isupper() else name


def changer(path):
    if path in NUMBERS:
        return another_number
    if path in TIMES:
        return another_time
    return another_name if path in PEOPLE else None


class Template:
    def __init__(self, depesha, path):
        raw = open(path, "rb").read()
        leaves = [json.loads(line) for line in
                  subprocess.run([depesha, "parse", "-f", "leaves", path], stdout=subprocess.PIPE).stdout.splitlines()]
        self.name = os.path.basename(path)
        self.size = len(raw)
        self.pieces, self.words, self.fields = [], [], []
        for leaf in leaves:
            text = raw[leaf["start"]:leaf["end"]].decode()
            self.pieces.append((text, changer(leaf.get("path", "")) if leaf["kind"] == "value" else None))
            self.fields.append(leaf["kind"] in ("value", "label"))
            if leaf["kind"] == "body":
                self.words += re.findall(r"[a-zа-я]{2,}", text)
        bodies = [i for i, leaf in enumerate(leaves) if leaf["kind"] == "body"]
        self.body = bodies[0] if bodies else None

    def paragraphs(self, size, dice):
        made, total = [], 0
        while total < size and self.words:
            sentences = []
            for _ in range(dice.randint(2, 5)):
                words = [dice.choice(self.words) for _ in range(dice.randint(6, 18))]
                sentences.append(" ".join(words).capitalize() + ".")
            made.append(" ".join(sentences))
            total += len(made[-1].encode()) + 2
        return made

    def cable(self, size, dice, headers):
        """A cable of about `size` bytes; lines with a field are added to `headers`."""
        out, line, held = [], "", False
        for i, (text, change) in enumerate(self.pieces):
            if change:
                text = change(text, dice)
            if i == self.body and size > self.size:
                text += "\n\n" + "\n\n".join(self.paragraphs(size - self.size, dice))
            out.append(text)
            *ended, rest = text.split("\n")
            for part in ended:
                if (held or self.fields[i]) and (line + part).strip():
                    headers.append((line + part).strip())
                line, held = "", False
            line, held = line + rest, held or (self.fields[i] and bool(rest))
        return "".join(out)


def sizes(mean, dice):
    """Most cables are short, some are long."""
    return min(int(dice.lognormvariate(7.6, 0.75) * mean / 2650), 60000)


def is_cable(depesha, path):
    """One cable, in UTF-8."""
    lines = subprocess.run([depesha, "parse", "-f", "ndjson", path], stdout=subprocess.PIPE).stdout.splitlines()
    records = [json.loads(line) for line in lines]
    return len(records) == 1 and records[0]["form"] is not None and records[0]["source"]["encoding"] == "UTF-8"


def main():
    depesha, cables, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    dice = random.Random(1946)
    names = sorted(n for n in os.listdir(SAMPLES) if n.endswith((".txt", ".md")) and n not in ("README.md", "soup.txt"))
    templates = [Template(depesha, os.path.join(SAMPLES, name)) for name in names
                 if is_cable(depesha, os.path.join(SAMPLES, name))]
    long_one = next(t for t in templates if t.name == LONG)
    counts = {"cables": cables, "bytes": 0, "lines": 0, "long": max(cables // 20, 100), "long_bytes": 0,
              "header_lines": 0}
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/cables.ndjson", "w") as lines, open(f"{folder}/cables.txt", "wb") as whole, \
            open(f"{folder}/header.txt", "w") as header:
        for n in range(cables):
            headers = []
            text = templates[n % len(templates)].cable(sizes(MEAN, dice), dice, headers)
            place = f"cables/{n // 1000:03}"
            if n % 1000 == 0:
                os.makedirs(f"{folder}/{place}", exist_ok=True)
            data = text.encode()
            with open(f"{folder}/{place}/{n:06}.txt", "wb") as file:
                file.write(data)
            lines.write(json.dumps({"id": f"{place}/{n:06}.txt", "text": text}, ensure_ascii=False) + "\n")
            whole.write(data + b"\n")
            header.writelines(line + "\n" for line in headers)
            counts["bytes"] += len(data)
            counts["lines"] += text.count("\n") + 1
            counts["header_lines"] += len(headers)
    os.makedirs(f"{folder}/long", exist_ok=True)
    with open(f"{folder}/long.txt", "wb") as whole, open(f"{folder}/long.ndjson", "w") as lines:
        for n in range(counts["long"]):
            text = long_one.cable(long_one.size + LONG_BODY, dice, [])
            lines.write(json.dumps({"id": f"long/{n}", "text": text}, ensure_ascii=False) + "\n")
            whole.write(text.encode() + b"\n")
            counts["long_bytes"] += len(text.encode())
    with open(f"{folder}/counts.json", "w") as file:
        json.dump(counts, file)


main()
