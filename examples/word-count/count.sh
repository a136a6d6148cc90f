#!/bin/sh
# One child of the array: counts the words of one file.
#   count.sh LIST COUNTS   LIST has a file name per line, COUNTS is the directory for the result
# The child's index says which line is its own. A job that is not an array has no index: there, it is the first line.
set -eu
LC_ALL=C.UTF-8
export LC_ALL

index=${AWS_BATCH_JOB_ARRAY_INDEX:-0}
file=$(sed -n "$((index + 1))p" "$1")
result=$2/$index

# A word is a run of letters, with apostrophes inside. `tr` changes only ASCII letters, so `y` does the other alphabets.
sed -e "s/’/'/g" -e "s/[^[:alpha:]']/\\
/g" -- "$file" |
  sed -e "s/^'*//" -e "s/'*\$//" -e '/^$/d' \
    -e 'y/ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞŒŠŽĄĆĘŁŃŚŹŻČĎĚŇŘŤŮ/àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþœšžąćęłńśźżčďěňřťů/' \
    -e 'y/ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏ/αβγδεζηθικλμνξοπρστυφχψωάέήίόύώ/' \
    -e 'y/АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁІЇЄҐ/абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ/' |
  tr '[:upper:]' '[:lower:]' |
  LC_ALL=C sort |
  LC_ALL=C uniq -c > "$result.part"
# The complete result appears at once, so that a second attempt of this job never leaves half of one.
mv -- "$result.part" "$result"
echo "$(awk '{ sum += $1 } END { print sum + 0 }' "$result") words in $file"
