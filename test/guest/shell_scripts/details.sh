#### quotes in braces
unset x; set -- a "b c"
cat <<E
${x:-"a"} ${x:-'b'} "${x:-c}" ${x:-$(echo "q")}
E
echo "${x:-'a'}" "${x:-"b  c"}" ${x+"$@"} ; y=1; for i in ${y+"$@"}; do echo "[$i]"; done
for i in "${y+$@}"; do echo "[$i]"; done
for i in "${x-$@}"; do echo "[$i]"; done
#### expansions next to quotes
x='a b'; for i in pre$x"post $x"; do echo "[$i]"; done; for i in ""$x""; do echo "[$i]"; done
for i in $x"" ''$u "$u"$u; do echo "[$i]"; done
#### traps in subshells
( trap 'echo x' TERM; trap ); (trap)
trap 'echo hi' EXIT; (trap); trap - EXIT
#### nested backquotes
echo "a`echo "b\`echo c\`"`d" `echo '\\' "\\\\"` "`echo '\\'`"
#### parentheses in substitutions
echo "$(case a in (a) echo p;; esac)" $(case a in a) echo q;; esac) "$(echo ')' "(" # comment )
)"
#### aliases and the grammar
alias x='echo a;' y='x x b'
y
alias if=echo
if hi
alias p='echo 1
echo 2'
p
#### forms of function definitions
f() { echo f; } ; f; f () { echo g; }; f
f()
{
echo h
}
f
f() ( echo sub ) ; f
f() for i in 1 2; do echo $i; done
f
#### double semicolon outside of case
echo a;; echo b
#### case in a loop
for i in 1 2 3
do
  case $i in
  1) continue ;;
  2) echo two ;;
  esac
done
#### quotes in trimming
x=abcdef; echo ${x%${x#???}} ${x#"${x%??}"} "${x%"${x#?}"}"
echo "${x%'def'}" ${x%'def'} "${x#"abc"}"
y="a}b"; echo "${y%\}*}" ${y#*\}} "${u:-\}}" "${u:-a\}b}"
#### tilde at other places
echo ${u:-~} ${u:-a:~} "${u:-~}"; HOME=/h; echo ~ ~nosuchuser x=~ ; v=~:~/a; echo $v; export w=~; echo $w
#### comma in arithmetic
echo $((1+1))$((2)) $(( 1 > 0 ? 10 : 20 )) $((a=3, 1)) 
#### decrement in arithmetic
i=5; echo $((i--)) 
#### signs in arithmetic
i=5; echo $((- -i)) $((-i)) $((!i)) $((~i+1)) $(( (i) )) $((i*-1)) $((2-  -1))
#### read and continued lines
read a b <<E
x\
y z
E
echo "$a|$b"
read -r a b <<'E'
x\ y  z  
E
echo "$a|$b|"
#### getopts starts again
set -- -a b; while getopts a:b o; do echo $o $OPTARG; done; echo $OPTIND
set -- x; getopts a o; echo $? $o $OPTIND
#### printf escapes
printf '%s %s\n' a; printf '%d%%\n' 50; printf '\\n\x41\n'; printf '%5c|%-3c|\n' ab c; printf 'no newline'; printf '\n%s' ; echo
printf '%s\n' 'a\nb' ; printf "%b\n" 'a\nb\0060'; printf '%q\n' a 2>/dev/null; echo $?
#### directories
cd /; (cd /tmp; pwd); pwd; cd tmp && pwd; cd ..; pwd; cd ./tmp/..; pwd; cd -P /tmp; pwd
#### background group
{ echo a; } >f & wait; cat f; ! { false; }; echo $?
if ! (exit 1); then echo z; fi
#### descriptors in substitutions
exec 3>&1; (echo x >&3) ; x=$(echo y >&3); echo "[$x]"; exec 3>&-
#### reading a last line without newline
while read -r line || [ -n "$line" ]; do echo "<$line>"; done <<E
a
b
E
printf 'x\ny' | while read -r line || [ -n "$line" ]; do echo "<$line>"; done
#### parameters of functions
f() { shift; echo $# "$@"; set -- new; echo $1; }; set -- 1 2 3; f a b c; echo "$@"
#### unset and unknown variables
x=5; unset -v x; echo ${x-u}; readonly y; echo ${y-unset}; (y=1) 2>/dev/null; echo $?
export z; z=3; $SH -c 'echo $z'
#### here-documents in eval and functions
eval 'cat <<E
in eval $((1+1))
E'
f() { cat <<-E
	tab $1
	E
}; f x
#### newline and tab in words
echo 'a\0b' "a\
b" | cat; echo "tab	here" 'new
line' "\a" | cat
#### brackets in patterns
case "a]b" in *[]]*) echo yes;; esac; case a-b in *[a-]b) echo y2;; esac; case '[' in [[]) echo y3;; esac; case 'a[b' in a[b) echo y4;; esac; case '!' in [!a]) echo y5;; esac;
#### status of assignments
x=$(exit 7) || echo "st $?"; if x=$(false); then echo t; else echo e $?; fi; local y=1 2>/dev/null; echo no
#### what errexit ignores
set -e; x=$(false) || true; f() { false; true; }; f || echo no; f && echo yes; ! false; { false; } || true; echo end; false && false; echo end2; (false) || true; if false; then :; fi; f; echo never
#### exec and the exit trap
trap 'echo E' EXIT; $SH -c 'echo in'; exec $SH -c 'echo replaced'
#### status of compound commands
( exit 2 ) || echo $?; ( ( exit 3 ) ; echo $? ); { ( exit 4 ); } ; echo $?
sleep 0.1 | exit 3; echo $?; true | { exit 5; }; echo $?
#### digits before redirections
echo >f; echo a>f b; cat f; echo 2>f; cat f; echo 2 >f; cat f; echo x2>f; cat f; 3>f echo y; >f echo z; cat f
#### IFS and parameters
IFS=,; set -- a b; echo "$*" "$@" $*; x="$*"; echo "$x"; IFS=; echo "$*"; unset IFS; echo "$*"; x=a,b; IFS=,; set -- $x; echo $#; y=$x; echo "$y"; for i in $x,c; do echo $i; done
#### splitting of assignments and words
x='a  b'; y=$x; echo "$y"; z="$x"c; echo "$z"; case $x in 'a  b') echo nosplit;; esac; w=$(echo "$x"); echo "$w"; set -- $x"  d"; echo $#
#### status in lists and loops
f() { return 2; }; f || echo $?; f && echo no; f; echo $?; until f; do break; done; echo $?; while f; do :; done; echo $?
#### redirections of one descriptor
echo a >&2 2>/dev/null; { echo b >&2; } 2>/dev/null; (echo c; echo d >&2) 2>&1 | cat; echo e 3>&1 >&2 2>&3 | cat
#### arguments of the shell
$SH -c 'echo "$@"' a b c; $SH -ce 'echo x' ; $SH -c -- 'echo dd'; $SH - -c 2>/dev/null; echo $?
echo 'echo "s $*"' | $SH -s -- -a b; $SH -Z -c : ; echo $?
#### many rounds
i=0; while :; do i=$((i+1)); [ $i -gt 1000 ] && break; done; echo $i; x=; for j in 1 2 3; do x="$x$(echo $j)"; done; echo $x
#### dynamic scope
a=1; b() { a=2 c; echo $a; }; c() { echo "c$a"; a=3; }; b; echo $a; a=5 eval 'echo $a'; echo $a; a=6 . /dev/null; echo $a
#### commands that are not there
nosuch1; echo $?; nosuch3 & wait $!; echo $?; $(nosuch4); echo $?; '' 2>/dev/null; echo $?; $nothing; echo $?
#### corners of test
[ -n "" -o -n a ]; echo $?; [ ! ]; echo $?; [ ]; echo $?; test; echo $?; [ a = a -a ! b = c ]; echo $?; [ "(" ]; echo $?; [ ! -f /x ] ; echo $?; [ -z "" ] && [ -n "a b" ]; echo $?; [ -f ]; echo $?; [ x -a "" ]; echo $?; [ 1 -lt 2 -a 2 -lt 3 ]; echo $?
#### calls without output
ulimit -a >/dev/null; echo $?; ulimit -f; type ulimit; umask 22; umask; times >/dev/null; hash -r; echo $?
#### arguments of kill, wait and fg
kill -s 0 $$; echo $?; kill -s TERM; echo $?; kill -l TERM; echo $?; kill -9 x; echo $?; kill %1; echo $?; wait x; echo $?; fg; echo $?; jobs; bg; echo $?
#### assignments in order
x=1; x=2 y=$x; echo $x $y; x=3 y=$x $SH -c 'echo $x $y'; z=$((x=9)); echo $x
#### file names with spaces
a='*'; mkdir q; cd q; : > "b c"; : > d; echo $a; for f in *; do echo "[$f]"; done; echo "$a" ./* ; rm -f nothing*; set -- *; echo $#; echo *\ * ; echo [b]*
#### two negations
! true | false; echo $?; ! ! true; echo $?; if ! true; then echo a; elif ! false; then echo b; fi
#### lengths of special parameters
echo "${#}" "${#1}" "${#-}" ${#?} ${#$} >/dev/null; x='a\b'; echo "${#x}"; set -- abc; echo ${#1} ${1#a} ${1%c} ${1:-x} ${1:+y} ${2:-none} ${2+no}
#### commands without blanks
x=1;(echo $x);{ echo $x;};if [ $x = 1 ];then echo t;fi;for i in a;do echo $i;done;while false;do :;done;case $x in 1)echo c;;esac
#### newlines after operators
true &&
true ||
echo no
true |
cat
if true
then
  # comment
  echo x # more
  # last
fi
{
  # c
  echo y
}
#### precedence in arithmetic
echo $(( 010 + 0x10 )) $((1 == 1 && 2 > 1)) $((  )) $((5 % -3)) $((-5 / 2)) $((1 << 63)) $((3 & 5 | 8 ^ 2)) $((1 ? 2 ? 3 : 4 : 5)) $((0 || 0)) $((4 > 3 > 2)) $((10 - 3 - 2)) $((2 * 3 % 4))
#### local and IFS
f() { local IFS=:; set -- $1; echo $#; }; f a:b:c; x="a b"; set -- $x; echo $#; g() { local a b=2 c; echo "${a-unset} $b ${c-unset}"; a=1; c=3; }; a=out; g; echo $a ${c-unset}
#### here-document in backquotes
x=`cat <<E
in backquotes \$HOME \\\\ $((1+2))
E
`
echo "$x"
#### output with newlines
printf '%s\n' "$(printf 'a\n\nb\n\n')" "$(printf '\n\n')x"; echo "$(echo "quoted $(echo "inner 'x' \"y\"")")"
