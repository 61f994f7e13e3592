#### field splitting
x='  a  b	c
d  '
for i in $x; do echo "[$i]"; done
for i in "$x"; do echo "[$i]"; done
#### splitting at other characters
IFS=:; x=a::b:c:
for i in $x; do echo "[$i]"; done
x=:a; for i in $x; do echo "[$i]"; done
x=::; for i in $x; do echo "[$i]"; done
#### splitting at spaces and others
IFS=' :'; x=' a : b  c: :d '
for i in $x; do echo "[$i]"; done
#### no splitting without IFS
IFS=; x='a b c'; for i in $x; do echo "[$i]"; done
#### only expansions are split
IFS=x; a=1x2; for i in 3x4 $a "$a" 5x$a; do echo "[$i]"; done
#### command substitution
echo $(echo a; echo b) "$(echo a; echo b)"
x=$(printf 'a\n\n\n'); echo "[$x]"
echo "$(echo $(echo $(echo deep)))"
echo $(echo '(' ; case x in x) echo ')';; esac)
#### backquotes
echo `echo a b` `echo \`echo nested\``
echo "`echo "in quotes"`" `echo '$x' \\$x "\$x"`
#### status of a substitution
x=$(false); echo $?
x=$(exit 3) y=$(true); echo $?
$(exit 4); echo $?
echo $(exit 5) $?
x=1; echo $?
#### here-document in a substitution
x=$(cat <<E
one
two
E
)
echo "$x"
#### substitution runs in a subshell
x=1; y=$(x=2; cd /; echo $x); echo $x $y
#### arithmetic
echo $((1+2*3)) $(( (1+2)*3 )) $((7/2)) $((-7/2)) $((7%3)) $((-7%3)) $((1<<10)) $((-16>>2))
echo $((1<2)) $((2<=1)) $((3==3)) $((3!=3)) $((1&&0)) $((1||0)) $((!5)) $((~5)) $((5&3)) $((5|3)) $((5^3))
echo $((1?2:3)) $((0?2:0?4:5)) $((0x1f)) $((017)) $((- - 3)) $((+4))
#### arithmetic with variables
x=5; y=x; z=
echo $((x+1)) $(($x*2)) $((unset_one+1)) $((z+1)) $((x=7)) $x $((x+=3)) $((x*=2)) $((x-=1)) $((x/=3)) $((x%=4)) $((x<<=3)) $((x|=1)) $((x^=3)) $((x&=6)) $x
#### arithmetic of 64 bits
echo $((9223372036854775807)) $((9223372036854775807+1)) $((4294967296*4294967296+5)) $((1<<40)) $((123456789012*10))
#### arithmetic does not evaluate what it need not
x=1; : $((0 && (x=2))) $((1 || (x=3))) $((1 ? 0 : (x=4))); echo $x
#### arithmetic errors
( echo $((1/0)) ); echo $?
( echo $((1+)) ); echo $?
( echo $((1 2)) ); echo $?
( x=abc; echo $((x)) ); echo $?
( echo $((08)) ); echo $?
#### arithmetic in odd places
x=3; echo "$((x))" a$((x))b ${u:-$((x*x))} $(( $(echo 4) + `echo 5` )) "$(( "2" + 1 ))"
echo $((
x +
1
))
#### substitution that begins with two parentheses
echo $( (echo a) )
#### file names
mkdir d; cd d
: >a.c; : >b.c; : >.hidden; : >'x y'; mkdir sub; : >sub/e.c
echo * ; echo *.c ; echo .h* ; echo ?.c ; echo [ab].c ; echo [!a].c ; echo */*.c ; echo nothing*
for i in x*; do echo "[$i]"; done
echo "*.c" '*.c' \*.c
x='*.c'; echo $x "$x"
echo sub/ s*/ ./*.c
set -f; echo *.c
#### file names with quoted parts
mkdir d; cd d; : >'a*b'; : >axb; : >'[x]'
echo a\*b a"*"b a*b \[x] [[]x] '['x*
#### file names with ranges and classes
mkdir d; cd d; for i in a b c 1 2 A _; do : >f$i; done
echo f[a-b] f[0-9] f[!0-9] f[[:upper:]] f[[:digit:]] f[a1-2] f[]a] f[a-] f[_-a]
#### patterns of case
t() { case $1 in a) echo one;; b*|c?) echo two;; [0-9]*) echo three;; '*') echo star;; \?) echo mark;; "") echo empty;; *) echo other;; esac; }
t a; t bcd; t cx; t cxy; t 5x; t '*'; t '?'; t ''; t -; t '**'
#### case with variables
p='a*'; q='x?z'
case abc in $p) echo match;; esac
case abc in "$p") echo no;; *) echo literal;; esac
case xyz in [$q]) echo no;; $q) echo yes;; esac
case 'a\b' in a\\b) echo backslash;; esac
case ab in a"b") echo quoted;; esac
case "" in "") echo empty;; esac
case x in (y) echo y;; (x) echo x; esac
#### order of expansions
x='$y' y=1; echo $x "$x"; eval echo $x
a='*'; b="$a"; c=$a; cd /; [ "$b" = "$c" ] && echo same
#### braces are not special
echo {a,b} a{ }b { }
#### many words
i=0; x=
while [ $i -lt 300 ]; do x="$x w$i"; i=$((i+1)); done
set -- $x; echo $# $1 ${300} ; echo ${#x}
