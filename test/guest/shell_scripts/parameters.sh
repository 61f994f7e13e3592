#### default values
unset u; e=; s=set
echo "[${u-d}] [${u:-d}] [${e-d}] [${e:-d}] [${s-d}] [${s:-d}]"
echo "[${u=d}] [$u]"; unset u
echo "[${e:=d}] [$e]"
#### alternative values
unset u; e=; s=set
echo "[${u+a}] [${u:+a}] [${e+a}] [${e:+a}] [${s+a}] [${s:+a}]"
#### error when unset
( unset u; echo ${u?} ; echo no ); echo $?
( u=; echo ${u:?gone away}; echo no ); echo $?
( u=; echo "[${u?gone}]" ); echo $?
#### length
x=hello; e=
set -- a bb ccc
echo ${#x} ${#e} ${#3} ${#} ${#*} ${#@}
#### prefix and suffix
x=/usr/local/lib/libfoo.so.1
echo ${x%/*} ${x%%/*} "${x#*/}" ${x##*/} ${x%.*} ${x%%.*} ${x#/usr} ${x%nothing}
#### patterns in trimming
x='a*b*c'
echo "${x%'*'*}" "${x%%\**}" "${x#*"*"}"
y='[abc]xyz'
echo "${y#\[abc\]}" "${y#[[]}" "${y%[x-z]}" "${y%%[!a-c]*}"
#### trimming with a pattern in a variable
x=foo.bar.baz; p='*.'; q='.*'
echo ${x#$p} ${x##$p} ${x%$q} ${x%%$q} "${x#"$p"}"
#### nested braces
unset a b; c=deep
echo ${a:-${b:-${c}}} "${a:-"${b:-'q'}"}" ${a:-$(echo ${c})}
#### words of defaults are split
set -- ${u:-a b  c} "${u:-d e  f}"
echo $#; for i; do echo "[$i]"; done
#### quotes in defaults
set -- ${u:-'a b' c} ${u:-"d e" f}
echo $#; for i; do echo "[$i]"; done
#### positional parameters
set -- 1 2 3 4 5 6 7 8 9 ten eleven
echo $1 $9 ${10} ${11} $10 $#
shift 9; echo $# $*
shift; shift; echo $# "$*"
#### at and star
set -- 'a b' '' c
for i in $*; do echo "1[$i]"; done
for i in $@; do echo "2[$i]"; done
for i in "$*"; do echo "3[$i]"; done
for i in "$@"; do echo "4[$i]"; done
for i in "x$@y"; do echo "5[$i]"; done
set --
for i in "$@"; do echo "6[$i]"; done
for i in "$*"; do echo "7[$i]"; done
for i in "a$@"; do echo "8[$i]"; done
#### star and IFS
set -- a b c
IFS=:; echo "$*" $*
IFS=; echo "$*" $*
unset IFS; echo "$*"
IFS=' :'; x=$*; echo "$x"; x="$*"; echo "$x"
x=$@; echo "$x"
#### special parameters
false; echo $? $?
true; echo "$?"
[ "$$" = "$(echo $$)" ] && echo same
set -- ; echo $#
( set -u; echo ${1-none} )
#### assignments
a=1 b=2; c=$a$b d=x=y e="p q" f=$e
echo "$a $b $c $d $e $f"
a=3 : ; echo $a
b=4 true; echo $b
#### assignment before a command
x=1
x=2 sh_does_not_exist 2>/dev/null; echo $x
x=3 eval 'echo $x'; echo $x
f() { echo "f$x"; }
x=4 f; echo $x
#### unset and nounset
x=1; unset x; echo "[${x-unset}]"
set -u
( echo $x; echo no ); echo $?
( echo ${x:-ok} )
( echo "$@" $# "$*" )
#### read-only
readonly r=1
( r=2; echo no ) ; echo $?
( unset r; echo no ); echo $?
echo $r
readonly -p
#### export
a=1; export a b=2
export c
unset b
export -p | while read -r x y; do case $y in a=*|b=*|c*) echo "$x $y";; esac; done
#### local variables
x=global
f() { local x; x=$1; g; echo "f $x"; }
g() { echo "g $x"; y=changed; }
f inner; echo $x $y
h() { local x=a y=b; echo $x $y; }
h; echo $x $y
#### tilde
HOME=/home/u
echo ~ ~/x a~ "~" \~ ~/a:~/b
x=~/p:~/q; echo $x
y=a:~ ; echo $y; echo x=~
#### set prints quoted
x="it's" y='a b'
set | while read -r l; do case $l in x=*|y=*) echo "$l";; esac; done
