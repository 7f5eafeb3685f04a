"""Random Python values as Celery users send them: Values("json", seed).tree() is the same for the same seed."""

import collections
import datetime
import decimal
import random
import uuid
import zoneinfo

WORDS = "yes no null ~ 1_000 0x1f 12:30 1e3 .inf <<  = - : ? 2024-02-29 NaN -0 __type__ __value__ __proto__ constructor".split()
ALPHABETS = (
    "abc XYZ019_",
    "".join(map(chr, range(0x20))) + "\x7f\x85\xa0\u2028\u2029\ufeff\ufffe\uffff",
    "'\"\\`#:-?,[]{}&*!|>%@\t\n\r ",
    "zażółć gęślą jaźń 漢字😀\U0010ffff",
)
SURROGATES = "\ud800\udbff\udc00\udfff"
ZONES = ("UTC", "Europe/Warsaw", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")


class Values:
    def __init__(self, serializer, seed):
        self.random = random.Random(seed)
        self.leaves = [getattr(self, name) for name in LEAVES[serializer].split()]
        self.serializer = serializer

    def tree(self, depth=0):
        if depth >= 4 or self.random.random() < 0.4:
            return self.random.choice(self.leaves)()
        if self.serializer == "pickle" and self.random.random() < 0.3:
            return self.pickled(depth)
        items = range(self.random.randrange(5))
        kind = self.random.random()
        if kind < 0.5:
            # null and "null" are two keys in YAML; elsewhere, and in JavaScript, one.
            keys = {str(key).lower().replace("none", "null"): key for key in (self.key() for _ in items)}
            # kombu takes a dict of just these two for a typed value of its own, and cannot read what it wrote.
            if set(keys) == {"__type__", "__value__"}:
                del keys["__value__"]
            return {key: self.tree(depth + 1) for key in keys.values()}
        listed = [self.tree(depth + 1) for _ in items]
        return tuple(listed) if kind > 0.9 and self.serializer != "yaml" else listed

    def pickled(self, depth):
        """Containers that only pickle has."""
        items = [self.tree(depth + 1) for _ in range(self.random.randrange(4))]
        members = {self.hashable(): item for item in items}
        kind = self.random.randrange(6)
        if kind == 0:
            return tuple(items)
        if kind == 1:
            return members
        if kind == 2:
            return collections.OrderedDict(members)
        if kind == 3:
            return collections.defaultdict(self.random.choice((list, int, dict, set, str, None)), members)
        if kind == 4:
            return {self.hashable() for _ in items}
        error = self.random.choice((ValueError, KeyError, RuntimeError, ZeroDivisionError))(*items)
        if self.random.random() < 0.3:
            error.note = "more"
        return error

    def hashable(self):
        kind = self.random.randrange(10)
        if kind == 0:
            return tuple(self.hashable() for _ in range(self.random.randrange(3)))
        if kind == 1:
            return frozenset(self.hashable() for _ in range(self.random.randrange(3)))
        # Not booleans and floats: True, 1 and 1.0 are one key.
        return self.random.choice((self.text, self.none, self.integer, self.wide, self.binary, self.date, self.uuid))()

    def key(self):
        if self.serializer not in ("msgpack", "pickle") and self.random.random() < 0.1:
            return self.random.choice((self.none, self.boolean, self.integer))()
        return self.text()

    def none(self):
        return None

    def boolean(self):
        return self.random.random() < 0.5

    def integer(self):
        size = self.random.choice((4, 8, 16, 31, 32, 33, 53, 54, 63))
        return self.random.choice((-1, 1)) * self.random.getrandbits(size) + self.random.randrange(-1, 2)

    def wide(self):
        return self.random.choice((-1, 1)) * self.random.getrandbits(self.random.choice((64, 65, 128, 1000)))

    def fraction(self):
        return self.random.choice((self.random.random(), self.random.gauss(0, 1e6), self.random.uniform(-1, 1) * 10.0 ** self.random.randrange(-320, 308)))

    def whole(self):
        """A float that JavaScript could take for an integer."""
        return float(self.random.choice((0, -0.0, 1, -1, 2**31, 2**32, 2**53, 2**53 - 1, 1e16, 1e21, 1e22, self.random.getrandbits(40))))

    def special(self):
        return self.random.choice((float("nan"), float("inf"), -float("inf"), 5e-324, 1.7976931348623157e308))

    def text(self):
        if self.random.random() < 0.1:
            return self.random.choice(WORDS)
        alphabet = self.random.choice(ALPHABETS)
        if self.serializer not in ("yaml", "msgpack") and self.random.random() < 0.1:
            alphabet = SURROGATES + "a"
        return "".join(self.random.choice(alphabet) for _ in range(self.random.choice((0, 1, 2, 3, 8, 20, 40))))

    def binary(self):
        if self.random.random() < 0.3:
            return self.text().encode("utf-8", "ignore")
        return self.random.randbytes(self.random.choice((0, 1, 2, 3, 8, 40)))

    def bytearray(self):
        return bytearray(self.binary())

    def micro(self):
        return self.random.choice((0, 0, 1, 1000, 999999, self.random.randrange(1000000)))

    def date(self):
        return datetime.date.fromordinal(self.random.randrange(1, datetime.date.max.toordinal() + 1))

    def time(self):
        parts = [self.random.randrange(24), self.random.randrange(60), self.random.choice((0, self.random.randrange(60)))]
        return datetime.time(*parts, self.micro(), fold=self.random.randrange(2))

    def time_aware(self):
        return self.time().replace(tzinfo=self.offset())

    def naive(self):
        return datetime.datetime.combine(self.date(), self.time())

    def minutes(self):
        return datetime.timezone(datetime.timedelta(minutes=self.random.randrange(-1439, 1440)))

    def offset(self):
        if self.random.random() < 0.2:
            return datetime.timezone(datetime.timedelta(seconds=self.random.randrange(-86399, 86400)))
        return self.random.choice((datetime.timezone.utc, self.minutes()))

    def aware(self):
        return self.inner().replace(tzinfo=self.offset())

    def aware_minutes(self):
        return self.inner().replace(tzinfo=self.minutes())

    def zoned(self):
        return self.inner().replace(tzinfo=zoneinfo.ZoneInfo(self.random.choice(ZONES)))

    def duration(self):
        return datetime.timedelta(self.random.randrange(-(10**6), 10**6), self.random.randrange(86400), self.micro())

    def inner(self):
        """Years whose moment in UTC exists too."""
        naive = self.naive()
        return naive.replace(year=min(max(naive.year, 2), 9998))

    def decimal(self):
        if self.random.random() < 0.2:
            return decimal.Decimal(self.random.choice(("NaN", "sNaN", "-NaN12", "Infinity", "-Infinity", "0", "-0", "0E+3", "1.10")))
        digits = tuple(self.random.randrange(10) for _ in range(self.random.choice((1, 2, 10, 40))))
        return decimal.Decimal((self.random.randrange(2), digits, self.random.randrange(-40, 40)))

    def uuid(self):
        return uuid.UUID(int=self.random.getrandbits(128))

    def set(self):
        return {self.random.choice((self.text, self.integer, self.none))() for _ in range(self.random.randrange(4))}


PLAIN = "none boolean integer fraction whole special text text"
LEAVES = {
    "json": f"{PLAIN} wide binary date time time_aware naive aware zoned decimal uuid",
    "json 5.2": f"{PLAIN} wide",
    "yaml": f"{PLAIN} wide binary date naive aware_minutes set",
    "msgpack": f"{PLAIN} binary",
    "pickle": f"{PLAIN} wide binary bytearray date time time_aware naive aware zoned duration decimal uuid hashable",
}
