#!/bin/sh
# The guest's own shell and programs; the expected output is in lines.stdout, which
# `faultline test --update` rewrites.
#
# @stdout golden
# @tags   shell
for word in cat dog bird; do
	echo "$word $(echo -n "$word" | wc -c)"
done | sort
