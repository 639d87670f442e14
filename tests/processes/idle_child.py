"""A clean process that tells its number, soon or late."""

import os
import time

from helpers.processes.child import answer_questions


def main():
    answer_questions({"number": os.getpid, "number_after": number_after})


def number_after(seconds):
    time.sleep(seconds)
    return os.getpid()
