"""Says once of each source of the program that a stop is in that it is not where the debug info says."""
import os

from . import frames, library

said = set()


def say(frame, tell):
    file = frames.source(frame)
    if not file or file in said or os.path.exists(file) or library.is_library(frame.GetFunctionName() or "", file):
        return
    said.add(file)
    tell("%s is not there: `dwalin lldb --map-path FROM=TO` says where sources are that were compiled elsewhere\n" % file)
