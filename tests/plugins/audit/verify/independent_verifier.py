"""Verifies an export of an audit trail with Python's standard library alone, after the formats' own texts:
RFC 6962 (tree), RFC 8032 (Ed25519), c2sp.org/signed-note, c2sp.org/tlog-checkpoint. Shares nothing with Capstan.

    python3 independent_verifier.py EXPORT VKEY...
"""
import base64
import hashlib
import json
import sys

# Ed25519, RFC 8032 section 5.1, in extended coordinates.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    return (P - x if x & 1 != sign else x, y)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, p):
    q = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = add(q, p)
        p, n = add(p, p), n >> 1
    return q


def point(data):
    n = int.from_bytes(data, "little")
    x, y = recover(n & (2**255 - 1), n >> 255)
    return (x, y, 1, x * y % P)


BY = 4 * pow(5, P - 2, P) % P
BX = recover(BY, 0)[0]
BASE = (BX, BY, 1, BX * BY % P)


def ed25519(key, text, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    try:
        a, r = point(key), point(signature[:32])
    except ValueError:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    one, other = times(s, BASE), add(r, times(k, a))
    return s < L and all((one[i] * other[2] - other[i] * one[2]) % P == 0 for i in (0, 1))


# Signed notes and checkpoints.
def read_key(vkey):
    name, ident, data = vkey.split("+", 2)
    raw = base64.b64decode(data, validate=True)
    made = hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
    assert raw[0] == 1 and len(raw) == 33 and made == ident, "a key is none"
    return name, ident, raw[1:]


def read_checkpoint(note, keys):
    """Gives origin, size, root; raises where no given key signed it."""
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    assert lines.endswith("\n"), "a checkpoint has no signature"
    good = False
    origin, size, root, *rest = text.split("\n")
    for line in lines[:-1].split("\n"):
        dash, name, data = line.split(" ")
        raw = base64.b64decode(data, validate=True)
        assert dash == "\u2014" and base64.b64encode(raw).decode() == data, "a signature line is none"
        for key in keys:
            if (name, raw[:4].hex()) == key[:2]:
                assert ed25519(key[2], text.encode(), raw[4:]), "a checkpoint's signature does not hold"
                good = good or name == origin
    assert good, "a checkpoint is signed by no known key"
    assert rest == [""] and size == str(int(size)), "a checkpoint is malformed"
    return origin, int(size), base64.b64decode(root, validate=True)


# The tree: the hashes of whole subtrees along its right edge.
class Edge:
    def __init__(self):
        self.size, self.hashes = 0, []

    def append(self, data):
        node, n = hashlib.sha256(b"\0" + data).digest(), self.size
        while n & 1:
            node, n = hashlib.sha256(b"\1" + self.hashes.pop() + node).digest(), n >> 1
        self.hashes.append(node)
        self.size += 1

    def root(self):
        if not self.hashes:
            return hashlib.sha256().digest()
        node = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            node = hashlib.sha256(b"\1" + left + node).digest()
        return node


class Trail:
    def __init__(self):
        self.edge, self.head, self.covered, self.anchor, self.said = Edge(), "0" * 64, 0, None, None


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def verify(path, vkeys):
    keys, trails, count, end = [read_key(vkey) for vkey in vkeys], {}, {"records": 0, "checkpoints": 0}, None
    with open(path, "rb") as file:
        assert file.readline() == b'{"format":"capstan-audit-export","v":1}\n', "the file is no export"
        for line in file:
            assert line.endswith(b"\n") and end is None, "the file is cut, or goes on behind its end"
            data, value = line[:-1], json.loads(line)
            assert canonical(value).encode() == data, "a line is not canonical JSON"
            if list(value) == ["end"]:
                end = value["end"]
            elif list(value) == ["anchor"]:
                trail = trails.setdefault(value["anchor"]["writer"], Trail())
                trail.anchor, trail.head = value["anchor"], value["anchor"]["head"]
                trail.edge.size = trail.anchor["first"]
                trail.edge.hashes = [bytes.fromhex(each) for each in trail.anchor["subtrees"]]
                assert len(trail.edge.hashes) == bin(trail.edge.size).count("1"), "an anchor is none"
            elif list(value) == ["checkpoint"]:
                count["checkpoints"] += 1
                origin, size, root = read_checkpoint(value["checkpoint"], keys)
                prefix, _, writer = origin.rpartition("/")
                assert prefix == "capstan/audit" and writer in trails, "a checkpoint is of another trail"
                trail = trails[writer]
                if trail.anchor and size < trail.anchor["first"]:
                    continue
                assert size == trail.edge.size, f"a checkpoint of {size} stands at {trail.edge.size}"
                assert root == trail.edge.root(), f"the root of {size} records is another"
                trail.covered = size
            else:
                count["records"] += 1
                trail = trails.setdefault(value["writer"], Trail())
                assert value["v"] == 1 and value["seq"] == trail.edge.size, f"record {trail.edge.size} is not here"
                assert value["prev"] == trail.head, f"record {value['seq']} does not name the one before"
                trail.edge.append(data)
                trail.head = hashlib.sha256(data).hexdigest()
                if value["kind"] == "retention" and trail.anchor:
                    if {**value["facts"], "writer": value["writer"]} == trail.anchor:
                        trail.said = value["seq"]
    assert end is not None and all(end[name] == count[name] for name in count), "the file is cut"
    for writer, trail in trails.items():
        signed = trail.said is not None and trail.said < trail.covered
        assert not trail.anchor or signed, "records are gone, and nothing signed says so"
        print(writer, trail.edge.size, trail.covered, trail.head)


if __name__ == "__main__":
    try:
        verify(sys.argv[1], sys.argv[2:])
    except (AssertionError, ValueError, KeyError, TypeError) as error:
        print("DAMAGED:", error)
        sys.exit(1)
