#!/usr/bin/env python3
"""Long fuzzing: made-up pages through the native code, without end or up to a number.

    python tests/fuzz.py --pages 100000 [--seed N] [--jobs 2] [--reference] [--options] [--align] [--subject native]

Each page: nothing lost, line ends kept, fixed point, str == bytes, strict and preserved bytes, and with --reference native == reference (slow).
Every fourth page is broken bytes, every fifth may have grids, every third lone surrogates. --options draws a combination of options per page.
--align: instead, that each page aligns with its result (str and bytes), that its repairs replay, and that a stream and counting give the
same result; every seventh through OpenCC.
--subject reference tries the reference by itself (on text only).
Failures are shrunk (blocks of lines, lines, runs of characters, characters) and printed as Python literals. Exit 1 if there were any.
Page number K of seed N is always the same page: --first K --pages 1 repeats it.
"""
import argparse
import multiprocessing
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import strategies as s  # noqa: E402
from invariants import alignment_holds, byte_alignment_agrees, line_ends_kept, may_hold_grid, nothing_lost, replay, utf8_ok  # noqa: E402


def identity(text, errors=None, **options):
    """Stands in for the library, to test this file."""
    return text


def subject(name):
    if name == "identity":
        return identity
    if name == "reference":
        from reference import normalize
        return lambda text, **options: normalize(text, **options) if isinstance(text, str) else normalize(text.decode("utf8"), **options).encode("utf8")
    import hanflow
    return hanflow.normalize


def check_text(normalize, text, options, page_has_grid, reference=None):
    """-> (name of the broken promise, sentence), or None."""
    result = normalize(text, **options)
    wrong = nothing_lost(text, result, options, reordered=page_has_grid)
    if wrong:
        return "nothing lost", wrong
    wrong = line_ends_kept(text, result)
    if wrong:
        return "line ends", wrong
    again = normalize(result, **options)
    if again != result:
        return "fixed point", f"once {result!r}\n    twice {again!r}"
    if utf8_ok(text) and normalize(text.encode("utf8"), **options) != result.encode("utf8"):
        return "str == bytes", repr(normalize(text.encode("utf8"), **options).decode("utf8", "replace"))
    if reference:
        slow = reference(text, **options)
        if slow != result:
            return "native == reference", f"native    {result!r}\n    reference {slow!r}"
    return None


def check_bytes(normalize, data, options, may_reorder):
    result = normalize(data, errors="preserve", **options)
    before, after = (x.decode("utf8", "surrogateescape") for x in (data, result))
    wrong = nothing_lost(before, after, options, reordered=may_reorder)
    if wrong:
        return "preserve: nothing lost", wrong
    again = normalize(result, errors="preserve", **options)
    if again != result:
        return "preserve: fixed point", f"once {result!r}\n    twice {again!r}"
    try:
        data.decode("utf8")
    except UnicodeDecodeError as error:
        want = (error.start, error.end, error.reason)
        try:
            normalize(data, **options)
        except UnicodeDecodeError as error:
            got = (error.start, error.end, error.reason)
        else:
            got = None
        if got != want and normalize is not identity:
            return "strict: error", f"{got}, not {want}"
    return None


def check_alignment(text, options, may_reorder):
    import hanflow
    normalizer = hanflow.Normalizer(**options)
    result, repairs, points = normalizer(text), normalizer.explain(text), normalizer.align(text)
    converted = options.get("opencc") is not None
    wrong = alignment_holds(text, result, points, repairs, reordered=may_reorder, converted=converted)
    if wrong:
        return "alignment", wrong
    if not hanflow.replay(repairs, text) == replay(text, repairs) == result:
        return "replay", repr(hanflow.replay(repairs, text))
    if utf8_ok(text):
        data = text.encode("utf8")
        wrong = byte_alignment_agrees(text, result, points, normalizer.align(data), converted)
        if wrong:
            return "alignment of bytes", wrong
        if hanflow.replay(normalizer.explain(data), data) != normalizer(data):
            return "replay of bytes", ""
    return check_other_roads(normalizer, text, result) if not converted else None


def check_bytes_alignment(data, options):
    """The same of bytes that are no UTF-8."""
    import hanflow
    normalizer = hanflow.Normalizer(errors="preserve", **options)
    result, repairs, octets = normalizer(data), normalizer.explain(data), normalizer.align(data)
    if not hanflow.replay(repairs, data) == replay(data, repairs) == result:
        return "preserve: replay", repr(hanflow.replay(repairs, data))
    said = [(r.start, r.end, r.after) for r in repairs]
    if octets.text != result or said != [(begin, end, result[low:high]) for begin, end, low, high in octets.spans.tolist()]:
        return "preserve: alignment", "the spans are not those of the repairs"
    return check_other_roads(normalizer, data, result)


def check_other_roads(normalizer, source, result):
    """What traces the repairs for another reason, and what gets the text in pieces."""
    if normalizer._counted(source)[0] != result:
        return "counted", repr(normalizer._counted(source)[0])
    stream = normalizer.stream()
    parts = [stream.feed(source[at:at + 61]) for at in range(0, max(1, len(source)), 61)]
    made = source[:0].join([*parts, stream.close()])
    return None if made == result else ("stream", repr(made))


def shrink(fails, source, seconds=20):
    """A smaller text (or bytes) that still fails, by taking out ever smaller pieces."""
    limit = time.monotonic() + seconds

    def smaller(parts, empty):
        size = max(1, len(parts) // 2)
        while True:
            at, changed = 0, False
            while at < len(parts):
                if time.monotonic() > limit:
                    return parts
                trial = parts[:at] + parts[at + size:]
                if fails(empty.join(trial)):
                    parts, changed = trial, True
                else:
                    at += size
            if size == 1 and not changed:
                return parts
            size = max(1, size // 2)

    empty = source[:0]
    source = empty.join(smaller(source.splitlines(keepends=True), empty))
    units = list(source) if isinstance(source, str) else [source[i:i + 1] for i in range(len(source))]
    return empty.join(smaller(units, empty))


def page_at(settings, number):
    """-> (check, source, options) of one page."""
    rng = random.Random(f"{settings.seed}/{number}")
    options = {k: rng.choice(v) for k, v in s.OPTIONS.items() if rng.random() < 0.5} if settings.options else {}
    normalize = subject(settings.subject)
    reference = None
    if settings.reference:
        from reference import normalize as reference
    if settings.align:
        if number % 4 == 3:
            return (lambda x: check_bytes_alignment(x, options)), s.random_bytes(rng), options
        if number % 7 == 0:
            options["opencc"] = rng.choice(["s2t", "s2twp", "tw2sp"])
        page = s.random_page(rng, grids=number % 5 == 0, surrogates=number % 3 == 0)
        grid = page.has_grid or may_hold_grid(page.text)
        return (lambda x: check_alignment(x, options, grid)), page.text, options
    if number % 4 == 3 and settings.subject != "reference":
        data = s.random_bytes(rng)
        grid = may_hold_grid(data.decode("utf8", "surrogateescape"))
        return (lambda x: check_bytes(normalize, x, options, grid)), data, options
    page = s.random_page(rng, grids=number % 5 == 0, surrogates=number % 3 == 0)
    grid = page.has_grid or may_hold_grid(page.text)
    return (lambda x: check_text(normalize, x, options, grid, reference)), page.text, options


def guarded(check):
    """An exception is a failure like any other."""
    def run(source):
        try:
            return check(source)
        except Exception as error:
            return type(error).__name__, str(error)
    return run


def work(job):
    settings, first, count = job
    failures, size = [], 0
    for number in range(first, first + count):
        check, source, options = page_at(settings, number)
        check = guarded(check)
        size += len(source)
        wrong = check(source)
        if wrong:
            kind = wrong[0]
            if sum(f[1] == kind for f in failures) < settings.show:
                small = shrink(lambda x: (check(x) or [None])[0] == kind, source)
                failures.append((number, kind, small, options, check(small)[1]))
            else:
                failures.append((number, kind, None, options, ""))
    return failures, size


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=10000)
    parser.add_argument("--first", type=int, default=0, help="number of the first page")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--show", type=int, default=3, help="failures to shrink and print per broken promise")
    parser.add_argument("--reference", action="store_true", help="compare with the reference too (slow)")
    parser.add_argument("--options", action="store_true", help="a random combination of options per page")
    parser.add_argument("--align", action="store_true", help="alignments and replayed repairs only")
    parser.add_argument("--subject", choices=["native", "reference", "identity"], default="native")
    settings = parser.parse_args()

    step = max(1, min(500, settings.pages // (4 * settings.jobs) or 1))
    jobs = [(settings, at, min(step, settings.first + settings.pages - at))
            for at in range(settings.first, settings.first + settings.pages, step)]
    start, done, size, shown, counts = time.monotonic(), 0, 0, {}, {}
    def report(count, result):
        nonlocal done, size
        failures, characters = result
        done, size = done + count, size + characters
        for number, kind, small, options, detail in failures:
            counts[kind] = counts.get(kind, 0) + 1
            if small is not None and shown.get(kind, 0) < settings.show:
                shown[kind] = shown.get(kind, 0) + 1
                print(f"page {number}: {kind}\n    source {small!r}\n    options {options}\n    {detail}", flush=True)
        if sys.stderr.isatty():
            print(f"\r{done} pages", end="", file=sys.stderr)

    if settings.jobs == 1:
        for job in jobs:
            report(job[2], work(job))
    else:
        with ProcessPoolExecutor(settings.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            waiting = [(job, pool.submit(work, job)) for job in jobs]
            try:
                for job, future in waiting:
                    report(job[2], future.result())
            except BrokenProcessPool:
                print(f"a process died, in pages {job[1]} to {job[1] + (settings.jobs + 1) * step} or so: run these with --first, --jobs 1 and -X faulthandler")
                counts["process died"] = 1
    seconds = time.monotonic() - start
    broken = ", ".join(f"{kind} {n}" for kind, n in sorted(counts.items())) or "none"
    print(f"{done} pages, {size} characters, seed {settings.seed}, {seconds:.0f} s; failures: {broken}")
    return 1 if counts else 0


if __name__ == "__main__":
    sys.exit(main())
