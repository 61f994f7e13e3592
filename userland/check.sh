#!/bin/sh
# Runs the Linux builds of the guest tests: check.sh [emulator]. Prints failures and a count.
cd "$(dirname "$0")" || exit 1
passed=0 failed=0
for test in build/linux/test/*; do
	if timeout 60 $1 "$test" </dev/null; then
		passed=$((passed + 1))
	else
		echo "FAILED $test ($?)"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
