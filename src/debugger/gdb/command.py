"""The command line of `dwalin run`, as debuggers' scripts take it apart: these are part of the packages of both gdb and lldb."""
import urllib.parse


def split(words, with_value):
    """The options of `dwalin run`, with the file, and the program's arguments; `None` where it is something else that is run. `with_value`
    are the options that have values."""
    if not words or words[0] != "run":
        return None
    at = 1
    while at < len(words) and words[at].startswith("-") and words[at] not in ("-", "--"):
        at += 2 if words[at] in with_value else 1
    at += at < len(words) and words[at] == "--"
    if at >= len(words):
        return None
    return words[:at + 1], words[at + 1:]


def encoded(words):
    """Words as src/debugger/handed_over.rs reads them in the environment."""
    return " ".join(urllib.parse.quote(word, safe="/._-=:,+@", errors="surrogateescape") for word in words)


def decoded(options):
    """The words of `encoded`."""
    return [urllib.parse.unquote(word, errors="surrogateescape") for word in options.split(" ")]
