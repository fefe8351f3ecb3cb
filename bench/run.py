#!/usr/bin/env python3
"""run.py --build BUILD --cables N --results FOLDER: every figure of the bench in one run, as a table and as plots.

Two programs are compared only by what they did in this run, on this machine, one right after the other; of several
rounds the fastest counts. Tools that are missing are left out, and the table says so.
"""

import argparse
import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import time

import callgrind
import plot

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "..", "samples", "ankara-1947.md")
# A number with its label, in the spellings of the corpus. UTF and caseless, as for Russian labels it has to be.
PATTERN = r"(?:outgoing|incoming|исх\.|вх\.)\s*(?:№|nº|no\.?|#)\s*\d+"

# The steps of the library, by the files that do them. What a file asks of PCRE2, cJSON or the C library is its own cost.
STAGES = [
    ("text", ("text.c", "line.c")),
    ("marks", ("mark.c", "walk.c", "automaton.c", "frozen.c", "shape.c", "pattern.c", "resolve.c", "grammar.c", "image.c")),
    ("mending", ("lexicon.c", "repair.c")),
    ("form", ("path.c",)),
    ("values and checks", ("tree.c", "value.c", "body.c", "form.c", "check.c")),
    ("JSON", ("record.c", "document.c")),
]


class Run:
    """What a command took: seconds by the clock and of the processor, and the most memory in bytes."""

    def __init__(self, words, stdin=None, stdout=None, watch=None):
        source = open(stdin, "rb") if stdin else subprocess.DEVNULL
        sink = open(stdout, "wb") if stdout else subprocess.DEVNULL
        start = time.perf_counter()
        process = subprocess.Popen(words, stdin=source, stdout=sink, stderr=subprocess.PIPE)
        if watch is not None:
            watch_memory(process, watch, start)
        self.errors = process.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        self.seconds = time.perf_counter() - start
        self.user = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss * 1024
        self.status = process.returncode = os.waitstatus_to_exitcode(status)
        if self.status not in (0, 1):
            sys.exit(f"{' '.join(words)}: exit status {self.status}\n{self.errors[:2000]}")


def watch_memory(process, samples, start):
    page = resource.getpagesize()
    while True:
        try:
            with open(f"/proc/{process.pid}/statm") as file:
                samples.append((time.perf_counter() - start, int(file.read().split()[1]) * page))
            with open(f"/proc/{process.pid}/stat") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
        except (FileNotFoundError, IndexError):
            return
        time.sleep(0.05)


def fastest(rounds, *jobs):
    """Runs the jobs in turn, so many times; the fastest of each."""
    best = [None] * len(jobs)
    for _ in range(rounds):
        for i, job in enumerate(jobs):
            run = job()
            if best[i] is None or run.seconds < best[i].seconds:
                best[i] = run
    return best


def have(tool):
    return shutil.which(tool) is not None


class Bench:
    def __init__(self, options):
        self.options = options
        self.depesha = os.path.join(options.build, "depesha")
        self.folder = os.path.join(options.build, f"bench-{options.cables}")
        self.figures, self.notes = {}, []
        if not os.path.exists(f"{self.folder}/counts.json"):
            self.say("making the corpus")
            subprocess.run([sys.executable, f"{HERE}/corpus.py", self.depesha, str(options.cables), self.folder], check=True)
        self.counts = json.load(open(f"{self.folder}/counts.json"))
        os.chdir(self.folder)
        # Lines of the first cables, for what is too slow for all; read once, so that all start with warm files.
        self.cut("cables.ndjson", "part.ndjson", min(options.cables, 2000))
        self.part = {"cables": min(options.cables, 2000)}
        texts = [json.loads(line)["text"] + "\n" for line in open("part.ndjson")]
        self.part["bytes"] = sum(len(text.encode()) for text in texts)
        self.part["lines"] = sum(text.count("\n") for text in texts)
        with open("part.txt", "w") as file:
            file.writelines(texts)
        self.cut("header.txt", "header-part.txt", 5000)

    @staticmethod
    def say(text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    @staticmethod
    def cut(source, target, lines):
        with open(source, "rb") as file, open(target, "wb") as out:
            for _, line in zip(range(lines), file):
                out.write(line)

    def parse(self, *words, jobs=1, stdin=None, stdout=None, watch=None):
        return Run([self.depesha, "parse", "-j", str(jobs), "-f", "ndjson", *words], stdin, stdout, watch)

    def skip(self, tool):
        self.notes.append(f"`{tool}` is not installed: left out")

    # ---- the figures ----

    def throughput(self):
        self.say("all cables, one thread and two")
        memory = []
        self.figures["files"] = self.parse("cables", stdout="records.ndjson", watch=memory)
        self.figures["files2"] = self.parse("cables", jobs=2)
        self.figures["memory"] = memory

    def floor(self):
        """Against one pass of pcre2grep over the same bytes; neither's start counts, for the corpora are short."""
        self.say("pcre2grep")
        if not have("pcre2grep"):
            return self.skip("pcre2grep")
        grep = ["pcre2grep", "-c", "-u", "-i", PATTERN]
        idle, none = fastest(5, lambda: self.parse(SAMPLE), lambda: Run([*grep, "/dev/null"]))
        for name, key in (("part", "ratio_grep"), ("long", "ratio_grep_long")):
            ours, floor = fastest(3, lambda: self.parse("--from", "ndjson", f"{name}.ndjson"),
                                  lambda: Run([*grep, f"{name}.txt"]))
            passed = max(floor.seconds - none.seconds, 1e-4)
            self.figures[key] = (ours.seconds - idle.seconds) / passed
            if name == "part":
                self.figures["grep_rate"] = self.part["bytes"] / passed

    def threads(self):
        self.say("threads")
        cores = len(os.sched_getaffinity(0))
        counts = sorted({1, 2, cores} | {n for n in (4, 8, 16) if n <= cores})
        runs = fastest(3, *[lambda n=n: self.parse("--from", "ndjson", "part.ndjson", jobs=n) for n in counts])
        self.figures["threads"] = [(n, runs[0].seconds / run.seconds) for n, run in zip(counts, runs)]
        self.figures["ratio_threads"] = dict(self.figures["threads"])[2]

    def peers(self):
        self.say("peers")
        part, lines = self.part, self.counts["header_lines"]
        ours = fastest(3, lambda: self.parse("--from", "ndjson", "part.ndjson"))[0]
        rate = part["bytes"] / ours.seconds
        self.figures["part"] = ours
        rows = [("depesha parse, 1 thread", rate, "all fields, body, findings")]
        if "grep_rate" in self.figures:
            rows.append(("pcre2grep -c", self.figures["grep_rate"], "one pattern"))
        if have("lognormalizer"):
            run = fastest(3, lambda: Run(["lognormalizer", "-r", f"{HERE}/peers/cables.rulebase", "-e", "json"],
                                         stdin="header.txt", stdout="normalized.json"))[0]
            self.figures["lognormalizer_lines"] = lines / run.seconds
            self.figures["depesha_lines"] = self.part["lines"] / ours.seconds
            size = os.path.getsize("header.txt")
            rows.append(("lognormalizer", size / run.seconds, "header lines only, a pass"))
        else:
            self.skip("lognormalizer")
        runs = fastest(2, lambda: self.inner([sys.executable, f"{HERE}/peers/fields.py"], "part.ndjson"))
        self.figures["ratio_python"] = runs[0].seconds / ours.seconds
        rows.append(("Python re", part["bytes"] / runs[0].seconds, "five fields"))
        if subprocess.run([sys.executable, "-c", "import lark"], stderr=subprocess.DEVNULL).returncode == 0:
            run = self.inner([sys.executable, f"{HERE}/peers/header.py", f"{HERE}/peers/header.lark"], "header-part.txt")
            count = sum(1 for _ in open("header-part.txt"))
            # A cable's header lines, at this rate, against the whole cable.
            cable = run.seconds / count * lines / self.counts["cables"]
            self.figures["ratio_lark"] = cable / (ours.seconds / part["cables"])
            rows.append(("lark", part["bytes"] / part["cables"] / cable, "header lines only"))
        else:
            self.skip("python3-lark")
        if have("jq"):
            self.cut("records.ndjson", "records-part.ndjson", part["cables"])
            run = fastest(2, lambda: Run(["jq", ".", "records-part.ndjson"]))[0]
            self.figures["ratio_jq"] = run.seconds / ours.seconds
            rows.append(("jq .", part["bytes"] / run.seconds, "reads the records"))
        else:
            self.skip("jq")
        self.figures["rows"] = rows

    @staticmethod
    def inner(words, stdin):
        """A run whose seconds are those that it tells itself."""
        run = Run(words, stdin=stdin, stdout="peer.out")
        run.seconds = float(run.errors.split()[-1])
        return run

    def start(self):
        self.say("start-up and the first record")
        subprocess.run(f"{self.depesha} parse {SAMPLE} >record.json", shell=True)
        commands = {"true": ["true"], "depesha": [self.depesha, "parse", SAMPLE]}
        if have("jq"):
            commands["jq"] = ["jq", ".", "record.json"]
        rounds = 100
        if have("hyperfine"):
            subprocess.run(["hyperfine", "-N", "-w", "10", "-r", str(rounds), "--export-json", "start.json",
                            *[" ".join(words) for words in commands.values()]], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            times = [result["median"] for result in json.load(open("start.json"))["results"]]
        else:
            self.skip("hyperfine")
            times = [run.seconds for run in fastest(rounds, *[lambda w=w: Run(w) for w in commands.values()])]
        self.figures["start"] = dict(zip(commands, times))
        times = []
        for _ in range(5):
            start = time.perf_counter()
            process = subprocess.Popen([self.depesha, "parse", "-f", "ndjson", "cables"], stdout=subprocess.PIPE)
            process.stdout.readline()
            times.append(time.perf_counter() - start)
            process.stdout.close()
            process.wait()
        self.figures["first"] = min(times)

    def large(self):
        self.say("one large file")
        with open("cables.txt", "rb") as source, open("large.txt", "wb") as out:
            out.write(source.read(4 << 20))
        size = os.path.getsize("large.txt")
        run = self.parse("large.txt")
        self.figures["large"] = (size, run)

    def fields(self):
        self.say("twice the fields")
        text = subprocess.run([self.depesha, "grammar", "show", "--text"], stdout=subprocess.PIPE).stdout.decode()
        blocks = re.split(r"(?m)^(?=[^\s#])", text)
        twins = [re.sub(r"^field (\w+)", r"field \1_twin", block) for block in blocks if block.startswith("field ")]
        for name, content in (("once.grammar", text), ("twice.grammar", text.rstrip("\n") + "\n" + "".join(twins))):
            with open(name, "w") as file:
                file.write(content)
        self.figures["field_count"] = len(twins)

        def cost(grammar):
            run = self.parse("-g", grammar, "--from", "ndjson", "part.ndjson")
            run.seconds -= start[grammar]
            return run

        start = {grammar: fastest(3, lambda g=grammar: self.parse("-g", g, SAMPLE))[0].seconds
                 for grammar in ("once.grammar", "twice.grammar")}
        once, twice = fastest(3, lambda: cost("once.grammar"), lambda: cost("twice.grammar"))
        self.figures["ratio_fields"] = twice.seconds / once.seconds

    def stages(self):
        """Instructions, which are the same each time, by the functions of the library that are the steps."""
        if not have("valgrind"):
            return self.skip("valgrind")
        self.say("stages")
        self.cut("cables.ndjson", "few.ndjson", 110)
        Run(["valgrind", "--tool=callgrind", "--callgrind-out-file=callgrind.out", self.depesha, "parse", "-j", "1",
             "--from", "ndjson", "few.ndjson"])
        costs = callgrind.by_file("callgrind.out", "/parser/")
        total = sum(costs.values())
        self.figures["stages"] = [(name, sum(costs.get(file, 0) for file in files) / total) for name, files in STAGES]
        known = {file for _, files in STAGES for file in files}
        self.figures["stages"].append(("files, memory and the rest",
                                       sum(cost for file, cost in costs.items() if file not in known) / total))

    # ---- what is written ----

    def table(self):
        f, rows = self.figures, []
        mb = self.counts["bytes"] / 1e6
        start = f["start"]

        def row(what, figure, goal=""):
            rows.append(f"| {what} | {figure} | {goal} |")

        rate = lambda run: f"{self.counts['cables'] / run.seconds:,.0f} cables/s, {mb / run.seconds:.1f} MB/s"
        row("one thread, files to NDJSON", rate(f["files"]))
        row("two threads", rate(f["files2"]))
        row("two threads against one", f"{f['ratio_threads']:.2f} x", ">= 1.85 x")
        if "ratio_grep" in f:
            row("time of one `pcre2grep -c` pass, mixed corpus", f"{f['ratio_grep']:.1f} x", "<= 16 x")
            row("the same, long bodies", f"{f['ratio_grep_long']:.1f} x", "<= 8 x")
        if "lognormalizer_lines" in f:
            row("lines a second, against `lognormalizer`", f"{f['depesha_lines'] / f['lognormalizer_lines']:.2f} x", ">= 1 x")
        row("speed against the Python script", f"{f['ratio_python']:.2f} x", ">= 30 x")
        if "ratio_lark" in f:
            row("speed against `lark`", f"{f['ratio_lark']:.2f} x", ">= 500 x")
        if "jq" in start:
            row("one cable, whole process, against `jq .` on its record", f"{start['depesha'] / start['jq']:.2f} x", "<= 0.33 x")
        row("one cable, whole process, against `true`", f"{start['depesha'] / start['true']:.1f} x", "<= 4 x")
        row("first record of the batch", f"{f['first'] * 1000:.0f} ms")
        row(f"memory, {self.counts['cables']:,} files, one thread", f"{f['files'].memory / 2**20:.0f} MiB", "<= 48 MB")
        row("memory, two threads", f"{f['files2'].memory / 2**20:.0f} MiB", "<= 48 MB")
        size, run = f["large"]
        row(f"memory, one file of {size / 2**20:.0f} MiB", f"{run.memory / size:.1f} x its size", "<= 6 x")
        row(f"twice the fields ({f['field_count']} more)", f"{(f['ratio_fields'] - 1) * 100:+.0f} %", "<= +15 %")
        return rows

    def write(self):
        self.say("writing the table and the plots")
        f, folder = self.figures, self.options.results
        os.makedirs(folder, exist_ok=True)
        lines = [
            "# Bench", "",
            f"Made by `make bench CABLES={self.counts['cables']}`: {self.counts['cables']:,} cables, "
            f"{self.counts['bytes'] / 1e6:.0f} MB, {self.counts['lines']:,} lines, on {len(os.sched_getaffinity(0))} cores of "
            f"{cpu_name()}. All figures are of this one run; only ratios mean something elsewhere.", "",
            "| what | figure | goal |", "| --- | --- | --- |", *self.table(), "",
            "![Throughput](throughput.svg)", "", "| tool | MB/s | what it does |", "| --- | --- | --- |",
            *[f"| {name} | {rate / 1e6:.2f} | {what} |" for name, rate, what in f["rows"]], "",
            "![Threads](threads.svg) ![Memory](memory.svg)", ""]
        if "stages" in f:
            lines += ["![Stages](stages.svg)", "", "| stage | share of the instructions |", "| --- | --- |",
                      *[f"| {name} | {share * 100:.1f} % |" for name, share in f["stages"]], ""]
        lines += [f"- {note}" for note in self.notes]
        with open(f"{folder}/README.md", "w") as file:
            file.write("\n".join(lines).rstrip("\n") + "\n")
        plot.bars(f"{folder}/throughput.svg", "Bytes of cables a second, one thread each (log scale)",
                  [(f"{name} ({what})", rate / 1e6) for name, rate, what in f["rows"]], "MB/s", log=True)
        plot.curve(f"{folder}/threads.svg", "Speed by threads", f["threads"], "threads", "times one thread", ideal=True)
        plot.curve(f"{folder}/memory.svg", f"Memory over {self.counts['cables']:,} files",
                   [(at, size / 2**20) for at, size in thin(f["memory"])], "seconds", "MiB")
        if "stages" in f:
            plot.bars(f"{folder}/stages.svg", "Where the instructions go",
                      [(name, share * 100) for name, share in f["stages"]], "%")
        print("\n".join(self.table()))


def thin(samples):
    step = max(len(samples) // 400, 1)
    return samples[:-1][::step]


def cpu_name():
    try:
        return re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())[1]
    except (OSError, TypeError):
        return platform.machine()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=os.path.abspath)
    parser.add_argument("--cables", type=int, default=100000)
    parser.add_argument("--results", required=True, type=os.path.abspath)
    bench = Bench(parser.parse_args())
    for step in (bench.start, bench.throughput, bench.floor, bench.threads, bench.peers, bench.large, bench.fields, bench.stages, bench.write):
        step()


main()
