import json, re, hashlib, collections, decimal, fractions, random, zlib, sys
random.seed(7)
def queens(n, row=0, cols=0, d1=0, d2=0):
    if row == n: return 1
    c = 0
    for i in range(n):
        if not (cols >> i & 1 or d1 >> (row + i) & 1 or d2 >> (row - i + n) & 1):
            c += queens(n, row + 1, cols | 1 << i, d1 | 1 << (row + i), d2 | 1 << (row - i + n))
    return c
print(queens(7), sys.version.split()[0], sys.platform)
words = collections.Counter(re.findall(r"\w+", "the quick brown fox jumps over the lazy dog the end" * 200))
print(json.dumps(words.most_common(3)), hashlib.sha256(b"dwalin").hexdigest(), zlib.crc32(b"dwalin"))
print(decimal.Decimal(2).sqrt(), fractions.Fraction(3, 7) ** 9, [random.randint(0, 99) for _ in range(5)])
try: open("/nonexistent")
except OSError as e: print(e)
open("/out.txt", "w").write("x" * 1000); print(len(open("/out.txt").read()))
sys.exit(3)
