"""What callgrind counted, by source file."""

import collections
import re


def by_file(path, part):
    """
    Instructions by the source files whose path holds `part`: those of their functions, and of all that these call in
    other files, such as a library's. Everything else is under "".
    """
    names = {"f": {}, "n": {}}
    costs = collections.Counter()
    file = callee_file = None
    called = False

    def name(kind, text):
        """Names are written once, and are numbers after that."""
        number, rest = re.match(r"(\(\d+\))? ?(.*)", text).groups()
        if number and rest:
            names[kind][number] = rest
        return names[kind].get(number, rest)

    def own(file):
        return file.rsplit("/", 1)[1] if file and part in file else ""

    for line in open(path, errors="replace"):
        key, equals, value = line.rstrip("\n").partition("=")
        if equals and key in ("fl", "fi", "fe", "cfi", "cfl", "fn", "cfn", "calls"):
            if key == "fl":
                file = name("f", value)
            elif key in ("fi", "fe"):
                name("f", value)
            elif key in ("cfi", "cfl"):
                callee_file = name("f", value)
            elif key == "fn":
                name("n", value)
                callee_file = file
            elif key == "cfn":
                name("n", value)
            else:
                called = True
        elif line[:1].isdigit() or line[:1] in "+-*":
            count = int(line.split()[1]) if len(line.split()) > 1 else 0
            # What a library did for a file of ours goes from the library's account to that file's.
            if not called:
                costs[own(file)] += count
            elif own(file) and not own(callee_file):
                costs[own(file)] += count
                costs[""] -= count
            called, callee_file = False, file
    return costs
