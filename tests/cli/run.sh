#!/bin/sh
# The command line as transcripts: commands, exit codes, texts. CHURNLAB is the program,
# CHURNLAB_DATA a folder with the public sets (their cases are skipped without it).
. "$(dirname "$0")/lib.sh"
for cases in program profile validate simulate train resume crossval tune evaluate score large explain info classes leakcheck same_bytes hostile real; do
    . "$root/tests/cli/cases_$cases.sh"
done
finish
