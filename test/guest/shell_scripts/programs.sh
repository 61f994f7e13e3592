#### sieve
i=2; p=
while [ $i -lt 60 ]; do
	for j in $p; do
		[ $((j * j)) -gt $i ] && { p="$p $i"; break; }
		[ $((i % j)) = 0 ] && break
	done
	[ -z "$p" ] && p=2
	case $i in 3) p="2 3";; esac
	i=$((i + 1))
done
echo $p
#### greatest common divisor
gcd() { while [ $2 -ne 0 ]; do set -- $2 $(($1 % $2)); done; echo $1; }
gcd 48 36; gcd 1071 462; gcd 7 0
#### reversing words
rev() { r=; for w; do r="$w${r:+ $r}"; done; echo "$r"; }
rev one two 'three four' five
#### string loop
s=abcdef; o=
while [ -n "$s" ]; do c=${s%"${s#?}"}; s=${s#?}; o=$c$o; done; echo $o
#### collatz
n=27; k=0; while [ $n -ne 1 ]; do if [ $((n & 1)) -eq 1 ]; then n=$((3 * n + 1)); else n=$((n / 2)); fi; k=$((k + 1)); done; echo $k
#### towers
move() { [ $1 -eq 0 ] && return; move $(($1 - 1)) $2 $4 $3; echo "$2>$3"; move $(($1 - 1)) $4 $3 $2; }
move 3 a c b
#### counting words
printf 'the cat the dog\na cat\n' | { while read -r l; do for w in $l; do eval "n_$w=\$((\${n_$w:-0} + 1))"; done; done; for w in the cat dog a; do eval "echo $w \$n_$w"; done; }
#### bubble sort
set -- 5 3 9 1 7; done=
while [ -z "$done" ]; do
	done=1 out= prev=$1; shift
	for x; do if [ $prev -gt $x ]; then out="$out $x"; done=; else out="$out $prev"; prev=$x; fi; done
	set -- $out $prev
done
echo $*
#### parsing key=value lines
cat >conf <<E
# comment
name = value with spaces
port=80

E
while IFS='= ' read -r k v; do case $k in ''|'#'*) continue;; esac; echo "$k -> $v"; done <conf
#### trimming and joining
join() { IFS=$1; shift; echo "$*"; }
join , a b c; join '' x y; trim() { x=${1#"${1%%[! ]*}"}; echo "[${x%"${x##*[! ]}"}]"; }; trim '  a b  '
#### option parsing by hand
main() { while [ $# -gt 0 ]; do case $1 in -v) v=1;; -o) o=$2; shift;; -o*) o=${1#-o};; --) shift; break;; -*) echo "bad $1"; return 2;; *) break;; esac; shift; done; echo "v=$v o=$o $*"; }
main -v -o out file; main -ofoo -- -x; main -q; echo $?
#### quine of functions
stack=; push() { stack="$1 $stack"; }; pop() { top=${stack%% *}; stack=${stack#* }; }
push a; push b; push c; pop; echo $top; pop; echo $top; echo "[$stack]"
