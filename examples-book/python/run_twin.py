"""Runs a program as if METHOD were the default start method.

Usage: run_twin.py METHOD PROGRAM [ARGUMENTS]

The program is not changed: one that sets no start method gets METHOD,
and one that sets its own still can, once.
"""

import multiprocessing.context
import runpy
import sys

if __name__ == '__main__':
    method, program = sys.argv[1:3]
    sys.argv = sys.argv[2:]
    chosen = multiprocessing.get_context(method)
    # Only the default: set_start_method would use up the one call
    # that a program has.
    multiprocessing.context._default_context._default_context = chosen
    # As __main__, so that children started afresh find it again.
    runpy.run_path(program, run_name='__main__')
