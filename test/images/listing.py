"""Prints everything that trees are made of, one line a name, an empty line after each tree: listing.py DIRECTORY...

Type, mode, owner, size, target, device, time to the nanosecond, extended attributes, and a hash of the content. Names are
bytes. Of hard links the later ones name the first; counts of links are left out, because overlayfs counts those that a
layer above has hidden. A time of today belongs to a directory that no layer describes.
"""
import hashlib, os, stat, sys, time

NOW = time.time_ns()
DAY = 86_400 * 10**9

TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFCHR: "char", stat.S_IFBLK: "block", stat.S_IFIFO: "fifo"}
PIECE = 1 << 16


def content(name):
    """Of the pieces that are not all zero, with their places: a hole and written zeros are the same content."""
    digest, zeros = hashlib.sha256(), bytes(PIECE)
    with open(name, "rb", buffering=0) as file:
        at, end = 0, os.fstat(file.fileno()).st_size
        while at < end:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA) // PIECE * PIECE
            except OSError:
                break
            os.lseek(file.fileno(), at, os.SEEK_SET)
            piece = file.read(PIECE)
            if piece != zeros[: len(piece)]:
                digest.update(b"%d:" % at + piece)
            at += len(piece)
    return digest.hexdigest()[:16]


def attributes(name):
    names = sorted(n for n in os.listxattr(name, follow_symlinks=False) if not n.startswith("trusted.overlay."))
    return ",".join(f"{n}={os.getxattr(name, n, follow_symlinks=False).hex()}" for n in names)


def describe(path, name, groups):
    st = os.lstat(name)
    kind = TYPES[stat.S_IFMT(st.st_mode)]
    fields = [kind, f"{stat.S_IMODE(st.st_mode):04o}", f"{st.st_uid}:{st.st_gid}"]
    if path != b".":
        fields.append("mtime=now" if abs(st.st_mtime_ns - NOW) < DAY else f"mtime={st.st_mtime_ns}")
    if kind == "file":
        fields += [f"size={st.st_size}", content(name)]
    if kind == "link":
        fields.append(f"-> {os.readlink(os.fsencode(name))!r}")
    if kind in ("char", "block"):
        fields.append(f"{os.major(st.st_rdev)}:{os.minor(st.st_rdev)}")
    first = groups.setdefault((st.st_dev, st.st_ino), path)
    if first != path:
        fields.append(f"same as {first!r}")
    fields.append(attributes(name))
    print(f"{path!r} {' '.join(fields)}".rstrip())


def walk(path, groups):
    """By chdir, so that paths may be longer than PATH_MAX."""
    for name in sorted(os.listdir(b".")):
        inner = path + b"/" + name if path else name
        describe(inner, name, groups)
        if stat.S_ISDIR(os.lstat(name).st_mode):
            os.chdir(name)
            walk(inner, groups)
            os.chdir(b"..")


sys.setrecursionlimit(10_000)
for directory in sys.argv[1:]:
    os.chdir(directory)
    groups = {}
    describe(b".", b".", groups)
    walk(b"", groups)
    print()
