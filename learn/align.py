"""Which blocks of a page are its true body: the blocks' words held against the truth's, in order."""
import bisect
import collections
import re
import unicodedata

WORD = re.compile(r"\w+", re.U)


def words(text):
    return WORD.findall(unicodedata.normalize("NFKC", text or "").lower())


def places(block, truth, first, grams):
    """Where a block's words stand in the truth: exactly, or most of them near one place."""
    size = len(block)
    starts = first[block[0]] if size < 4 else grams[tuple(block[:4])]
    exact = [(s, s + size, float(size)) for s in starts[:400] if truth[s:s + size] == block]
    if exact or size < 6:
        return exact
    shifts = collections.Counter(
        s - i for i in range(size - 3) for s in grams[tuple(block[i:i + 4])][:50])
    if not shifts:
        return []
    best = shifts.most_common(1)[0][0]
    share = sum(n for shift, n in shifts.items() if abs(shift - best) <= 15) / (size - 3)
    return [(max(0, best), min(len(truth), best + size), share * size)] if share >= 0.5 else []


def labels(blocks, truth):
    """For each block (a list of words) the share of its words that are body, and the share of the truth that was found."""
    first, grams = collections.defaultdict(list), collections.defaultdict(list)
    for at, word in enumerate(truth):
        first[word].append(at)
    for at in range(len(truth) - 3):
        grams[tuple(truth[at:at + 4])].append(at)
    # The heaviest chain of places that goes forward in both, by the best chain that ends at each word.
    ends, best = [0], [(0.0, None)]
    spots = []
    for number, block in enumerate(blocks):
        found = places(block, truth, first, grams) if block else []
        fresh = []
        for start, end, weight in found:
            value, chain = best[bisect.bisect_right(ends, start) - 1]
            fresh.append((end, value + weight, (number, start, end, weight, chain)))
            spots.append((number, start, end, weight))
        for end, value, chain in fresh:
            at = bisect.bisect_right(ends, end)
            if best[at - 1][0] >= value:
                continue
            while at < len(ends) and best[at][0] <= value:
                del ends[at], best[at]
            if ends[at - 1] == end:
                best[at - 1] = (value, chain)
            else:
                ends.insert(at, end)
                best.insert(at, (value, chain))
    share, covered = [0.0] * len(blocks), [False] * len(truth)

    def take(number, start, end, weight):
        share[number] = weight / len(blocks[number])
        covered[start:end] = [True] * (end - start)

    chain = best[-1][1]
    while chain:
        number, start, end, weight, chain = chain
        take(number, start, end, weight)
    # Whole blocks that the page has in another order than the truth.
    for number, start, end, weight in spots:
        whole = weight == end - start >= 8
        if whole and not share[number] and sum(covered[start:end]) < 0.2 * (end - start):
            take(number, start, end, weight)
    return share, sum(covered) / max(1, len(truth))
