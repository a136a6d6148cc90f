#!/bin/sh
# The job after the array: adds up the counts of all files and prints the most frequent words.
#   merge.sh COUNTS TOP
set -eu

find "$1" -type f ! -name '*.part' -exec cat {} + |
  LC_ALL=C awk '{ sum[$2] += $1 } END { for (word in sum) print sum[word], word }' |
  LC_ALL=C sort -k1,1nr -k2 |
  awk -v top="$2" 'NR <= top { printf "%8d  %s\n", $1, $2 }'
