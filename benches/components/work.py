import collections
import hashlib
import heapq  # What is imported when it runs is not there.
import json
import re

import wit_world.exports as exports


def queens(n, row=0, columns=0, down=0, up=0):
    if row == n:
        return 1
    count = 0
    for i in range(n):
        if not (columns >> i & 1 or down >> (row + i) & 1 or up >> (row - i + n) & 1):
            count += queens(n, row + 1, columns | 1 << i, down | 1 << (row + i), up | 1 << (row - i + n))
    return count


class Run(exports.Run):
    def run(self):
        words = collections.Counter(re.findall(r"\w+", "the quick brown fox jumps over the lazy dog the end" * 2000))
        numbers = sorted(str(i * i % 977) for i in range(60000))
        print(queens(7), json.dumps(words.most_common(3)), numbers[777], hashlib.sha256(b"dwalin").hexdigest())
