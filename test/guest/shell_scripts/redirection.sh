#### files
echo a >f; cat f; echo b >>f; cat <f; >f; cat f; echo $?
echo c >f 2>&1; cat f
#### error output
{ echo out; echo err >&2; } 2>e; cat e
{ echo out; echo err >&2; } >o 2>&1; cat o
{ echo out; echo err >&2; } 2>&1 >o | cat
#### other descriptors
exec 3>f; echo a >&3; echo b >&3; exec 3>&-; cat f
exec 4<f; read x <&4; read y <&4; echo $x $y; exec 4<&-
( echo x >&3 ) 2>/dev/null; echo $?
{ echo five >&5; } 5>&1
#### reading and writing
printf 'abc\ndef\n' >f
exec 3<>f; read l <&3; echo $l; echo XYZ >&3; exec 3>&-; cat f
#### noclobber
echo a >f; set -C; echo b >f; echo $?; echo c >|f; cat f; echo d >>f; cat f
#### missing files
cat <nothing; echo $?
echo x >no/where; echo $?
: <nothing; echo not reached
#### redirection of compound commands
for i in 1 2; do echo $i; done >f; cat f
while read l; do echo "<$l>"; done <f
if true; then echo y; fi >f; cat f
case x in x) echo case;; esac >f; cat f
{ echo g; } >f; (echo s) >>f; cat f
#### a loop's input and variables
printf '1\n2\n3\n' >f; s=0; while read n; do s=$((s+n)); done <f; echo $s
#### here-documents
x=val
cat <<E
plain $x ${x}s $(echo cmd) `echo bq` $((1+1)) \$x \\ "q" 'q'
a\
b
E
cat <<'E'
raw $x `y` \$ \\
E
cat <<"E E"
quoted delimiter
E E
cat <<\E
$x
E
#### here-documents without tabs
if true; then
	cat <<-E
		one
	  two
	three
	E
fi
#### several here-documents
cat <<A; cat <<B
a
A
b
B
cat <<A - <<B
first
A
second
B
#### here-document to a descriptor
cat <<E 3<<F /dev/fd/3 2>/dev/null || true
zero
E
three
F
read x <<E
  spaced  line
E
echo "[$x]"
#### large here-document
i=0; t=
while [ $i -lt 200 ]; do t="$t
line $i of a document that is larger than a pipe's buffer can be"; i=$((i+1)); done
cat <<E | while read -r a b c; do n=$b; done
$t
E
n=$(cat <<E
$t
E
)
echo ${#n}
#### here-document in a function and a loop
f() { cat <<E
arg $1
E
}
f a; f b
for i in 1 2; do cat <<E; done
loop $i
E
#### empty here-document
cat <<E
E
echo $?
#### redirection without a command
>f; [ -f f ] && echo made
x=1 >g; echo $x; [ -f g ] && echo made
#### exec redirects for good
exec 5>&1 >f; echo to file; exec >&5 5>&-; cat f
#### saved descriptors
f() { echo in f; }; f >f; echo out; cat f
eval 'echo ev' >f; cat f
{ echo a; { echo b >&3; } 3>f; echo c; }; cat f
#### closing
( exec >&-; echo x ) 2>/dev/null; echo $?
cat <&- 2>/dev/null; [ $? -ne 0 ] && echo failed
#### expansion of targets
n=name; echo x >"$n.1"; cat name.1; echo y >$n$n; cat namename
echo z > 'with space'; cat 'with space'
fd=1; echo w >&$fd
#### order matters
echo a 2>&1 >/dev/null; echo b >/dev/null 2>&1; echo c
#### read from a pipe does not read ahead
printf 'one\ntwo\nthree\n' | { read a; read b; cat; echo "$a $b"; }
