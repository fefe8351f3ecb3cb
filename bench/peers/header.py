#!/usr/bin/env python3
"""header.py GRAMMAR <LINES: parses header lines with lark; prints how many it could, the seconds of the loop to stderr."""

import sys
import time

import lark


def main():
    parser = lark.Lark(open(sys.argv[1]).read(), parser="lalr", lexer="contextual")
    lines = sys.stdin.readlines()
    start = time.perf_counter()
    good = 0
    for line in lines:
        try:
            parser.parse(line)
            good += 1
        except lark.exceptions.UnexpectedInput:
            pass
    print(good)
    print(time.perf_counter() - start, file=sys.stderr)


main()
