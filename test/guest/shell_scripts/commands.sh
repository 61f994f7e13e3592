#### lists
true && echo a || echo b
false && echo a || echo b
false || false || echo c; true && true && echo d
true && false; echo $?
! true; echo $?; ! false; echo $?
! true && echo no || echo yes
#### if
if true; then echo a; fi
if false; then echo a; else echo b; fi
if false; then echo a; elif true; then echo c; else echo d; fi
if false; then echo a; fi; echo $?
if false; true; then echo last; fi
if ! false
then
	echo newlines
fi
#### while and until
i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done
until [ $i -eq 0 ]; do i=$((i-1)); done; echo $i
while false; do :; done; echo $?
i=0; while i=$((i+1)); [ $i -lt 5 ]; do [ $i = 2 ] && continue; echo $i; done
#### for
for i in a b c; do echo $i; done
for i in; do echo no; done; echo $?
set -- x y; for i do echo $i; done; for i; do echo $i; done
for i
in 1 2
do echo $i
done
echo $i
#### break and continue
for i in 1 2 3; do for j in a b c; do [ $j = b ] && continue 2; [ $i = 3 ] && break 2; echo $i$j; done; done
for i in 1 2 3; do echo $i; break 5; done; echo after
while :; do while :; do break 2; done; echo no; done; echo $?
for i in 1 2; do eval break; done; echo $i
#### case
case abc in abc) echo a;; *) echo no;; esac
case x in a|b|x) echo alt ;; esac
case x in y) echo no;; esac; echo $?
case x in x) false;; esac; echo $?
case x in x) ;; esac; echo $?
case "a b" in a\ b) echo space;; esac
case x in
  x)
    echo one
    ;;
  y) echo two
esac
#### groups and subshells
{ echo a; echo b; }
(echo c; echo d)
x=1; (x=2; echo $x); echo $x
x=1; { x=2; }; echo $x
(exit 3); echo $?
( (echo nested) )
{ { { echo deep; } ; } }
#### pipelines
echo a | cat
printf '%s\n' c a b | while read x; do echo "<$x>"; done
true | false; echo $?; false | true; echo $?
! false | true; echo $?
echo x | { read y; echo "got $y"; }
(echo 1; echo 2) | (read a; read b; echo $b$a)
echo a | cat | cat | cat
#### a pipeline's parts are subshells
x=1; echo | x=2; echo $x
echo 5 | read x; echo $x
#### functions
f() { echo "$# $1 $2"; return 3; echo no; }
f a b; echo $?
g() (x=sub; echo $x); g; echo "[$x]"
h() if true; then echo "h $1"; fi
h z
set -- outer; f in; echo $1
r() { [ $1 -le 0 ] || { echo $1; r $(($1-1)); }; }
r 3
#### functions redefined and removed
f() { echo one; }; f; f() { echo two; }; f
unset -f f; f 2>/dev/null; echo $?
f() { f() { echo inner; }; echo outer; }; f; f
#### function with redirection
f() { echo out; echo err >&2; } 2>&1
f | cat
g() { cat; } <<E
doc
E
g
#### recursion
fact() { if [ $1 -le 1 ]; then echo 1; else echo $(( $1 * $(fact $(($1-1))) )); fi; }
fact 12
fib() { [ $1 -lt 2 ] && { r=$1; return; }; fib $(($1-1)); local a=$r; fib $(($1-2)); r=$((a+r)); }
fib 10; echo $r
#### return
f() { return; }; false; f; echo $?
f() { false; return; }; f; echo $?
f() { for i in 1 2 3; do return 7; done; }; f; echo $?
f() { while :; do case x in x) return 4;; esac; done; }; f; echo $?
#### asynchronous lists
{ echo a; exit 3; } & wait $!; echo $?
(exit 4) & p=$!; wait $p; echo $?; wait $p; echo $?
sleep 0 & wait; echo $?
for i in 1 2 3; do : & done; wait; echo done
#### exit
(exit); echo $?
(false; exit); echo $?
(exit 300); echo $?
exit 9
echo no
#### errexit
set -e
false || true
if false; then :; fi
! true
while false; do :; done
false && true
echo here
(set +e; false; echo inner)
false
echo no
#### errexit in functions and subshells
f() { false; echo f; }
( set -e; f; echo no ); echo $?
( set -e; f || echo no; echo yes )
( set -e; if f; then echo tested; fi )
( set -e; x=$(false); echo no ); echo $?
( set -e; echo $(false); echo yes )
( set -e; (false); echo no ); echo $?
( set -e; { false; }; echo no ); echo $?
( set -e; false | true; echo yes; true | false; echo no ); echo $?
( set -e; eval false; echo no ); echo $?
( set -e; eval false || echo tested )
#### noexec and syntax of the rest
set -n
echo no
#### xtrace
set -x
x=1 y="a b"; echo "$x  $y" 'q'
for i in 1 2; do :; done
PS4='> '; echo z
set +x; echo end
#### keywords as arguments
echo if then else fi do done case esac while for in { } !
x=if; $x 2>/dev/null; echo $?
#### semicolons and newlines
echo a;echo b ; echo c;
{ echo d
}
if true
then echo e; fi; (echo f;)
for i in 1; do echo $i;
done
true &&

echo g
echo h |

cat
#### long pipelines of builtins
i=0; while [ $i -lt 50 ]; do echo $i; i=$((i+1)); done | while read n; do [ $((n % 10)) = 0 ] && echo $n; done
