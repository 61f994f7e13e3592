#### echo
echo; echo -n a; echo b; echo 'a\tb\\c\0101\n'; echo 'x\cy'; echo; echo -e a; echo - -- a
#### printf strings
printf '%s|%5s|%-5s|%.2s|%5.1s|%c\n' abc abc abc abc abc abc
printf '%s\n' a b c; printf '%s-%s\n' a b c
printf '%b\n' 'a\tb\0101\\'; printf '%b' 'x\cy' z; echo
printf 'a\tb\\n\101\n'; printf '%%|%5%|\n' 2>/dev/null || echo
printf '%s'; printf '[%s]\n'; printf '%*s|%-*s|%.*s\n' 5 a 5 b 2 xyz
#### printf numbers
printf '%d %i %5d|%-5d|%05d|%+d|% d|%.3d\n' 1 -2 3 4 5 6 7 8
printf '%u %o %x %X %#o %#x\n' 42 8 255 255 8 255
printf '%d %d %d %d\n' 0x1f 010 "'A" '"B'
printf '%d\n'; printf '%d\n' 9223372036854775807; printf '%x\n' -1
#### printf reals
printf '%f %.2f %e %g %G %.0f\n' 3.14159 2.71828 12345.678 0.0001 1e20 2.5
printf '%10.3f|%-10.1f|%+.1f|%010.2f\n' 1.5 2.25 3 -4.125
printf '%g %g %g %g %g\n' 100000 1000000 0.1 123456789 1e-5
printf '%f %e\n' 0 0; printf '%.10f %.20f\n' 0.1 0.1; printf '%.3e %.15g\n' 9.9996 0.3
#### printf errors
printf '%d\n' abc; echo $?
printf '%d\n' 12x; echo $?
printf '%d %d\n' 1 '' ; echo $?
#### test of strings
t() { if [ "$@" ]; then echo yes; else echo no; fi; }
t a; t ''; t -n a; t -n ''; t -z ''; t -z a; t a = a; t a = b; t a != b; t -n; t ! a; t ! ''; t = ; t -z
t a '<' b; t b '>' c; t '(' a ')'; t '' -o a; t a -a ''; t ! '' -a a; t a = a -a b = b; t '!' = '!'; t '(' = '('
#### test of numbers
t() { if test "$@"; then echo yes; else echo no; fi; }
t 1 -eq 1; t 1 -ne 1; t 1 -lt 2; t 2 -le 2; t 3 -gt 4; t -3 -ge -4; t 010 -eq 10; t ' 1 ' -eq 1
t 1 -eq x; t 9999999999 -gt 1
#### test of files
: >f; echo x >g; mkdir d
t() { if test "$@"; then echo yes; else echo no; fi; }
t -e f; t -f f; t -d f; t -d d; t -s f; t -s g; t -r g; t -e none; t -x f; t -x d; t -f d; t ! -e none; t -L f; t f -ef f; t f -ef g; t -c /dev/null; t -p f; t -t 9; t none -ot f
#### test errors
test a b; echo $?; [ a; echo $?; [ 1 -eq; echo $?; test 1 2 3; echo $?
#### cd and pwd
mkdir -p a/b; o=$PWD
cd a; [ "$PWD" = "$o/a" ] && echo ok; cd b; cd ..; [ "$(pwd)" = "$o/a" ] && echo ok; cd - >/dev/null; [ "$PWD" = "$o/a/b" ] && echo ok
cd "$o"; [ "$OLDPWD" = "$o/a/b" ] && echo ok; cd ./a/../a//b/.; [ "$PWD" = "$o/a/b" ] && echo ok
cd /; pwd; cd nowhere; echo $?; pwd; HOME=/; cd; pwd; cd "$o"; CDPATH=$o/a; cd b >/dev/null; [ "$PWD" = "$o/a/b" ] && echo cdpath
#### read
printf 'a b c\n' | { read x y; echo "[$x][$y]"; }
printf '  a   b  \n' | { read x; echo "[$x]"; }
printf 'a\\b \\\nc\n' | { read x y; echo "[$x][$y]"; }
printf 'a\\b c\n' | { read -r x; echo "[$x]"; }
printf 'a:b::c\n' | { IFS=: read x y z w; echo "[$x][$y][$z][$w]"; }
printf ' a : b \n' | { IFS=: read x y; echo "[$x][$y]"; }
printf 'a b\n' | { read x y z; echo "[$x][$y][$z]"; }
printf 'no newline' | { read x; echo "$? [$x]"; }
read x </dev/null; echo $?
printf '  lead\n' | { IFS= read -r x; echo "[$x]"; }
printf 'a:\n' | { IFS=: read x; echo "[$x]"; }
printf 'a:b:\n' | { IFS=: read x y; echo "[$x][$y]"; }
printf 'a:b:c:\n' | { IFS=: read x y; echo "[$x][$y]"; }
#### getopts
p() { OPTIND=1; while getopts ab:c o "$@"; do echo "$o ${OPTARG-none}"; done; shift $((OPTIND-1)); echo "rest $*"; }
p -a -b x y; p -ab x; p -abx -c -- -a z; p -ca; p
p -x 2>&1; p -b 2>&1
q() { OPTIND=1; while getopts :ab: o "$@"; do echo "$o $OPTARG"; done; }
q -x; q -b; q -a -bfoo
#### eval
x='echo a; echo b'; eval "$x"; eval; echo $?; eval 'y=1' 'z=2'; echo $y$z; eval false; echo $?
eval 'for i in 1 2
do echo $i
done'
n=v; eval "$n=5"; echo $v; eval "echo \$$n"
#### dot
echo 'echo "in $1"; x=set; return 4; echo no' >s
set -- arg; . ./s; echo $? $x
echo 'f() { echo defined; }' >s; . ./s; f
mkdir p; echo 'echo found' >p/onpath; PATH=$PWD/p:$PATH; . onpath
for i in 1 2; do echo 'break' >s; . ./s; done; echo $i
. ./missing; echo not reached
#### shift
set -- a b c; shift; echo $*; shift 2; echo $#; set -- a; shift 0; echo $1
( shift 5; echo no ); echo $?
#### set
set a b; echo $*; set -- -x y; echo $1 $2; set --; echo $#
set -- a; set +x; echo $1; set -f; echo *; set +f
set -a; v=1; set +a; w=2; export -p | while read e n; do case $n in v=*|w=*) echo $n;; esac; done
set -o noglob; echo *; set +o noglob
set -euC; echo $-
#### alias
alias e='echo aliased' f=e
e x
f y
alias e; unalias f; f 2>/dev/null; echo $?
alias g='echo ' h=world
g h
alias ls='ls -q'
alias w='while read x; do echo'
printf '1\n2\n' | w "$x"; done
\e x 2>/dev/null; echo $?
alias nothere; echo $?; unalias -a; alias
#### type and command -v
f() { :; }; alias a=b
type f if echo : a nosuch; echo $?
command -v f; command -v if; command -v echo; command -v a; command -v nosuch; echo $?
command -V cd; command -V nosuch; echo $?
#### command
cd() { echo mine; }; cd /; command cd /; pwd
command nosuch; echo $?
command . ./missing; echo survived
command -p true; echo $?
#### umask
umask 022; umask; umask -S; umask 077; umask; umask u=rwx,g=rx,o=; umask; umask g+w; umask; umask -S
: >f; umask 0; umask 9 2>/dev/null; echo $?
#### errors of special builtins end the shell
( . ./none; echo no ); echo $?
( shift x; echo no ); echo $?
( export 1a; echo no ); echo $?
( set -Z; echo no ); echo $?
( : >no/where; echo no ); echo $?
( eval 'if'; echo no ); echo $?
#### errors of other builtins do not
cd /nowhere; echo $?
read; echo $?
true >no/where; echo $?
umask zz; echo $?
kill; echo $?
getopts; echo $?
#### hash
hash; hash -r; hash nosuch; echo $?
#### ulimit
ulimit -n 20; ulimit -n; ulimit -c 0; ulimit -c; ulimit -S -n 10; ulimit -n; ulimit -H -n; ulimit -t
#### times prints two lines
times | while read a b; do echo line; done
#### true and false
true; echo $?; false; echo $?; :; echo $?
#### special builtins keep assignments
x=1 :; echo $x; y=2 export z; echo $y; w=3 eval true; echo $w; unset q; q=4 true; echo "[$q]"
