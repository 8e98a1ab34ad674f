#!/usr/bin/env python3
"""Checks evidence and digests of an itsm history without its database.

    verify_evidence.py evidence.json [--digest digest.json] [--show]
    verify_evidence.py --digest digest.json

evidence.json is what itsm.evidence() returned, digest.json what itsm.digest() returned
and was kept elsewhere.  Without a kept digest the evidence is checked against the
digest inside it, which proves nothing about who made it.  --show prints the history.

Checked are: the commitments of all values, the hash of every event over its header,
its commitments and the event before it, that the events are those of the row's key, the
proof that each sealed event is a leaf of its tenant's log, the proof that this log is
part of the whole, and that this is the whole of the digest.  The table's name and those
of its attributes explain the numbers that the hashes cover, and are not proved.
Exit status 0: all holds; 1: something does not; 2: not readable.

Only Python's standard library; no code of the extension.  The formats are written down
in docs/ledger.md.
"""

import argparse
import base64
import datetime
import hashlib
import json
import struct
import sys

ZERO = bytes(32)
KEY = -1            # the number by which an event tells its row's key


class Wrong(Exception):
    """Something does not hold."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hash_of(text, what):
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, TypeError) as error:
        raise Wrong(f"{what} is no base64") from error
    # two bits of the last digit mean nothing, and are 0
    if len(data) != 32 or base64.b64encode(data).decode() != text:
        raise Wrong(f"{what} is no hash")
    return data


def time_of(microseconds):
    """The text of a time, which is counted from the start of the year 2000."""
    time = datetime.datetime(2000, 1, 1) + datetime.timedelta(microseconds=microseconds)
    return time.isoformat(timespec="microseconds") + "Z"


def wire(text):
    if text is None:
        return b"\xff\xff\xff\xff"
    data = text.encode()
    return struct.pack(">I", len(data)) + data


def leaf_hash(data):
    return sha256(b"\x00", data)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


def tree_root(leaves):
    """RFC 6962, section 2.1."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return node_hash(tree_root(leaves[:split]), tree_root(leaves[split:]))


def root_by_proof(leaf, index, size, proof):
    """The root that an inclusion proof leads to: from the leaf up, by where it stands."""
    if not 0 <= index < size:
        raise Wrong(f"leaf {index} is not in a tree of {size}")
    path = []           # sides, from the root down
    start, end = 0, size
    while end - start > 1:
        split = 1
        while 2 * split < end - start:
            split *= 2
        if index < start + split:
            path.append("left")
            end = start + split
        else:
            path.append("right")
            start += split
    if len(path) != len(proof):
        raise Wrong(f"the proof of leaf {index} has {len(proof)} hashes, not {len(path)}")
    result = leaf
    for side, other in zip(reversed(path), proof):
        result = node_hash(result, other) if side == "left" else node_hash(other, result)
    return result


def body_items(body):
    """The values of an event: (number, form, text, commitment)."""
    place = 0
    while place < len(body):
        if len(body) - place < 5:
            raise Wrong("a body is not well-formed")
        number, form = struct.unpack_from(">iB", body, place)
        if form == 2:
            commitment = body[place + 5:place + 37]
            if len(commitment) != 32:
                raise Wrong("a body is not well-formed")
            yield number, "erased", None, commitment
            place += 37
            continue
        if form > 2 or len(body) - place < 25:
            raise Wrong("a body is not well-formed")
        salt = body[place + 5:place + 21]
        (length,) = struct.unpack_from(">I", body, place + 21)
        value = body[place + 25:place + 25 + length]
        if len(value) != length:
            raise Wrong("a body is not well-formed")
        yield number, "null" if form else "value", value.decode(), sha256(salt, body[place:place + 5], value)
        place += 25 + length


def event_hash(event, previous, commitments):
    return sha256(
        b"itsm event 1\n", previous,
        struct.pack(">qqqQq", event["record"], event["version"], event["at"], event["xid"], event["system"]),
        struct.pack(">iIii", event["timeline"], event["command"], event["attachment"], event["lifecycle_version"]),
        *(wire(event[name]) for name in ("kind", "tenant", "from_state", "to_state", "session_role", "role", "actor",
                                         "application")),
        *commitments)


def log_leaf(tenant, size, root):
    return leaf_hash(b"itsm log 1\n" + wire(tenant) + struct.pack(">q", size) + root)


def check_digest(digest):
    """A digest against itself."""
    if digest["format"] != "itsm digest 1":
        raise Wrong("not a digest of a format that is known")
    root = hash_of(digest["root"], "the root of the digest")
    logs = [(log["tenant"], log["size"], hash_of(log["root"], "the root of a log")) for log in digest["logs"]]
    if tree_root([log_leaf(*log) for log in logs]) != root:
        raise Wrong("the root of the digest is not that of its logs")
    if sum(size for _, size, _ in logs) != digest["size"]:
        raise Wrong("the size of the digest is not that of its logs")
    if digest["checkpoint"] != f"{digest['origin']}\n{digest['size']}\n{digest['root']}\n":
        raise Wrong("the checkpoint of the digest is not that of its members")


def check_chain(evidence):
    """Every event is the next one of its record, and its hash its own."""
    archived = evidence.get("archived", {"version": 0})
    told = []
    previous = bytes.fromhex(archived["hash"]) if archived["version"] else ZERO
    if len(previous) != 32:
        raise Wrong("what was archived has no hash")
    for version, event in enumerate(evidence["events"], archived["version"] + 1):
        what = f"version {version}"
        if (event["record"], event["tenant"], event["version"]) != (evidence["record"], evidence["tenant"], version):
            raise Wrong(f"{what} is missing, or another record's")
        items = list(body_items(bytes.fromhex(event["body"])))
        commitments = [item[3] for item in items]
        if event["time"] != time_of(event["at"]):
            raise Wrong(f"{what}: its time is not the one that was hashed")
        told += [(event, text) for number, form, text, _ in items if number == KEY and form != "erased"]
        if commitments != [hash_of(text, what) for text in event["commitments"]]:
            raise Wrong(f"{what}: a value is not the one that was committed to")
        previous_hash = bytes.fromhex(event["hash"])
        if event_hash(event, previous, commitments) != previous_hash:
            raise Wrong(f"{what}: the hash is not that of the event and the one before it")
        previous = previous_hash
    if told and last_key(told) != evidence["key"]:
        raise Wrong(f"the events are those of {last_key(told)}, not of {evidence['key']}")


def last_key(told):
    """The key that was told last; within a transaction commands tell the order."""
    last, key = told[0]
    for event, text in told[1:]:
        together = (event["xid"], event["system"]) == (last["xid"], last["system"])
        if not together or event["command"] >= last["command"]:
            last, key = event, text
    return key


def check_proofs(evidence):
    """Every sealed event is a leaf of the log, and the log is part of the whole; how many are."""
    log = evidence.get("log")
    sealed = 0
    if log is None:
        return 0
    root = hash_of(log["root"], "the root of the log")
    proof = [hash_of(text, "the proof of the log") for text in log["proof"]]
    if log["tenant"] != evidence["tenant"]:
        raise Wrong("the log is another tenant's")
    if root_by_proof(log_leaf(log["tenant"], log["size"], root), log["place"], log["logs"], proof) != \
            hash_of(evidence["digest"]["root"], "the root of the digest"):
        raise Wrong("the log is not part of the digest")
    for event in evidence["events"]:
        if "leaf" not in event:
            continue
        what = f"version {event['version']}"
        leaf = leaf_hash(struct.pack(">qq", event["record"], event["version"]) + bytes.fromhex(event["hash"]))
        if root_by_proof(leaf, event["leaf"], log["size"], [hash_of(text, what) for text in event["proof"]]) != root:
            raise Wrong(f"{what} is not in the log")
        sealed += 1
    return sealed


def compare(evidence, digest):
    """The evidence's digest is the one that was kept."""
    own = evidence.get("digest")
    if own is None:
        raise Wrong("nothing of the evidence is sealed")
    if own["origin"] != digest["origin"]:
        raise Wrong("evidence and digest are of two histories")
    if own["size"] != digest["size"]:
        raise Wrong(f"the evidence is for {own['size']} sealed events, the digest for {digest['size']}: "
                    f"ask for itsm.evidence(table, key, {digest['size']})")
    for name in ("format", "root", "seal", "seal_hash", "at", "system", "timeline"):
        if own[name] != digest[name]:
            raise Wrong(f"{name} of the evidence is not that of the digest: another history")


def show(evidence):
    special = {0: "status value", KEY: "key", -2: "reason", -3: "violations", -4: "rule", -5: "judged version",
               -6: "detail"}
    for event in evidence["events"]:
        print(f"{event['version']:4} {event['time']} {event['kind']} {event['from_state'] or '-'} -> "
              f"{event['to_state'] or '-'} by {event['actor'] or event['role']}"
              f"{'' if 'leaf' in event else ' (not sealed)'}")
        for number, form, text, _ in body_items(bytes.fromhex(event["body"])):
            name = evidence["names"].get(str(number), {}).get("name") or special.get(number, f"value {number}")
            print(f"       {name}: {text if form == 'value' else form}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evidence", nargs="?")
    parser.add_argument("--digest")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    if not options.evidence and not options.digest:
        parser.error("give evidence, a digest, or both")
    try:
        evidence = digest = None
        if options.evidence:
            with open(options.evidence, encoding="utf-8") as file:
                evidence = json.load(file)
        if options.digest:
            with open(options.digest, encoding="utf-8") as file:
                digest = json.load(file)
    except (OSError, ValueError) as error:
        print(f"not readable: {error}", file=sys.stderr)
        return 2
    try:
        if digest:
            check_digest(digest)
            print(f"digest: {digest['size']} events of {len(digest['logs'])} logs, sealed {digest['at']}")
        if evidence:
            if evidence["format"] != "itsm evidence 1":
                raise Wrong("not evidence of a format that is known")
            if not evidence["events"] and not evidence.get("archived"):
                raise Wrong("the evidence has no events")
            check_chain(evidence)
            sealed = check_proofs(evidence)
            if digest:
                compare(evidence, digest)
            print(f"evidence: {len(evidence['events'])} events, {sealed} of them proved"
                  f"{' by the digest' if digest else ' by the digest inside'}")
            if evidence.get("archived"):
                print(f"archived: versions up to {evidence['archived']['version']} are in "
                      f"{evidence['archived']['tables']}; they are not in this evidence")
            if options.show:
                show(evidence)
    except Wrong as wrong:
        print(f"WRONG: {wrong}", file=sys.stderr)
        return 1
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, struct.error) as error:
        print(f"WRONG: not evidence, or not a digest ({error.__class__.__name__}: {error})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
