#!/usr/bin/env python3
"""Trains the block model and says how good it is on pages that it was not trained on.

  pip install -r learn/requirements.txt
  python3 learn/train.py SETS [--check]        SETS: a folder of sets, each manifest.jsonl + html/, with their scorers

Blocks come from `wiredesk-learn blocks`, so a model is always trained on what the reader sees. Pages of one site are in one of
five folds; the figures are the reader's own output (`wiredesk-learn read`) on each fold by a model of the four others. The model
that is written to crates/extract/model/blocks.forest is trained on all. --check only prints the figures."""
import argparse
import collections
import gzip
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path
from urllib.parse import urlsplit

import lightgbm
import numpy

from align import labels, words

ROOT = Path(__file__).resolve().parent.parent
LEARN = ROOT / "target/release/wiredesk-learn"
MODEL = ROOT / "crates/extract/model/blocks.forest"
FOLDS = 5
WHOLE = ["news2019", "news2023", "articles2026"]  # the whole body is known
PIECES = "european"  # pieces that must and must not be there are known
TREES = 60
SHAPE = dict(objective="binary", learning_rate=0.12, num_leaves=31, min_data_in_leaf=60, min_sum_hessian_in_leaf=1.0,
             lambda_l2=5.0, feature_fraction=0.5, bagging_fraction=0.8, bagging_freq=1, seed=1, deterministic=True,
             force_row_wise=True, num_threads=2, verbose=-1)
# The bodies of other articles inside the same chrome: what is chrome must not hang on what the article says. Their weight
# against real pages.
CARRIED = 0.2


def site(url):
    parts = (urlsplit(url).hostname or url).split(".")
    return ".".join(parts[-3:] if len(parts) > 2 and len(parts[-1]) == 2 and len(parts[-2]) <= 3 else parts[-2:])


def fold(name):
    return hashlib.sha256(name.encode()).digest()[0] % FOLDS


def manifest(folder):
    with open(folder / "manifest.jsonl") as lines:
        return [json.loads(line) for line in lines]


def pieces(row, blocks):
    """1 and 0 where a piece says so, -1 where nothing is known."""
    fold_text = lambda text: " ".join(unicodedata.normalize("NFKC", text or "").split())
    out = []
    for block in blocks:
        text = fold_text(block["text"])
        has = [any(fold_text(piece) in text for piece in row[key] if piece) for key in ("with", "without")]
        out.append(1.0 if has == [True, False] else 0.0 if has == [False, True] else -1.0)
    return out


class Page:
    def __init__(self, row, blocks, owner, weight):
        self.id, self.fold = row["id"], fold(owner)
        sizes = [words(block["text"]) for block in blocks]
        truth, found = (labels(sizes, words(row["text"])) if row["text"] else (pieces(row, blocks), 1.0))
        truth = numpy.array(truth)
        asked = numpy.array([b["open"] for b in blocks], dtype=bool) & (truth >= 0) & (numpy.array([len(s) for s in sizes]) > 0)
        # A truth that is not on the page teaches nothing.
        self.asked = asked if found >= 0.6 else asked & False
        self.numbers = numpy.array([b["numbers"] for b in blocks], dtype=numpy.float32).reshape(len(blocks), -1)[self.asked]
        self.body = (truth >= 0.5)[self.asked].astype(float)
        size = numpy.sqrt([len(s) for s in sizes])[self.asked] if blocks else numpy.zeros(0)
        self.weight = 100 * weight * size / size.sum() if len(size) else size


def pages(folder, owner=None, weight=1.0):
    run = subprocess.run([LEARN, "blocks", folder], capture_output=True, text=True, check=True)
    names, *lines = run.stdout.splitlines()
    rows = manifest(folder)
    return json.loads(names), [
        Page(row, json.loads(line)["blocks"], owner(row) if owner else site(row["url"]), weight)
        for row, line in zip(rows, lines, strict=True)]


def train(some, names):
    some = [page for page in some if len(page.body)]
    data = lightgbm.Dataset(numpy.concatenate([p.numbers for p in some]), numpy.concatenate([p.body for p in some]),
                            weight=numpy.concatenate([p.weight for p in some]), feature_name=names)
    return lightgbm.train(SHAPE, data, TREES)


def written(model, names):
    out = ["# The block model: crates/extract/src/forest.rs says how it is read, learn/README.md how it was made.", "base 0"]

    def node(at, depth):
        pad = "  " * depth
        if "leaf_value" in at:
            out.append(f"{pad}{at['leaf_value']:+.4f}")
            return
        out.append(f"{pad}{names[at['split_feature']]} <= {at['threshold']:.6g} ({at['internal_value']:+.4f})")
        node(at["left_child"], depth + 1)
        node(at["right_child"], depth + 1)

    for tree in model.dump_model()["tree_info"]:
        out.append("tree")
        node(tree["tree_structure"], 1)
    return "\n".join(out) + "\n"


def read(folder, model, ids, scratch):
    (scratch / "model").write_text(model)
    (scratch / "only").write_text("\n".join(ids))
    run = [LEARN, "read", folder, "--model", scratch / "model", "--only", scratch / "only"]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout


def figures(sets, score, folders, models, folds, scratch):
    """Prints what the scorers say of each set, every page read by the model of its fold."""
    for folder in folders:
        by_fold = collections.defaultdict(list)
        for row in manifest(folder):
            by_fold[folds[folder](row)].append(row["id"])
        out = scratch / f"{folder.name}.jsonl"
        out.write_text("".join(read(folder, models[k], ids, scratch) for k, ids in by_fold.items()))
        if folder.name == "syndicated":
            subprocess.run([sys.executable, sets / "score_syndicated.py", folder / "manifest.jsonl", out], check=True)
            continue
        row, _ = score.score(str(folder), str(out))
        kept = ["shF1", "acc", "leakw", "snipF1", "empty"]
        print(f"{folder.name:14}", " ".join(f"{key} {row[key]:.4f}" for key in kept if key in row), flush=True)


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("sets", type=Path)
    ask.add_argument("--check", action="store_true")
    ask = ask.parse_args()
    sets = ask.sets.resolve()
    sys.path.insert(0, str(sets))
    import score

    subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "wiredesk-learn"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        # Two syndicated webs: bodies to train on, and other bodies in the chrome of the same sites to be judged by.
        made = {"carried": (WHOLE, 500, 4), "syndicated": (WHOLE[:2], 60, 12)}
        owners = {}
        for name, (of, hosts, bodies) in made.items():
            subprocess.run([sys.executable, sets / "syndicate.py", scratch / name, *(sets / s for s in of),
                            "--hosts", str(hosts), "--bodies", str(bodies)], check=True)
            owners[name] = carriers(sets, of, hosts)
        names, taught = None, []
        for name in [*WHOLE, PIECES]:
            names, some = pages(sets / name)
            taught += some
        taught += pages(scratch / "carried", lambda row: owners["carried"][row["host"]], CARRIED)[1]
        print(f"{len(taught)} pages, {sum(len(p.body) for p in taught)} blocks, {len(names)} numbers each", flush=True)
        models = {k: written(train([p for p in taught if p.fold != k], names), names) for k in range(FOLDS)}
        folds = {sets / name: lambda row: fold(site(row["url"])) for name in [*WHOLE, PIECES]}
        folds[scratch / "syndicated"] = lambda row: fold(owners["syndicated"][row["host"]])
        print("held back:")
        figures(sets, score, list(folds), models, folds, scratch)
        model = written(train(taught, names), names)
        if not ask.check:
            MODEL.write_text(model)
        print("the same pages by the model that was trained on all of them:")
        figures(sets, score, list(folds), {0: model}, {folder: lambda row: 0 for folder in folds}, scratch)


def carriers(sets, of, hosts):
    """Which real site lends its chrome to each host of a syndicated web: told again as syndicate.py chooses them."""
    builder = {}
    exec((sets / "syndicate.py").read_text().replace("\nmain()\n", "\n"), builder)
    out, seen = [], set()
    for name in of:
        for row in manifest(sets / name):
            host = urlsplit(row["url"]).hostname or row["id"]
            if not row["text"] or host in seen:
                continue
            raw = gzip.decompress((sets / name / row["html"]).read_bytes()).decode("utf-8", "replace")
            try:
                page = builder["LH"].document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", raw))
            except Exception:
                continue
            slots, cover = builder["slots_of"](page, row["text"])
            if cover >= 0.995 and len(slots) >= 5:
                seen.add(host)
                out.append(site(row["url"]))
    return {f"site{n:02d}": name for n, name in enumerate(out[:hosts])}


if __name__ == "__main__":
    main()
