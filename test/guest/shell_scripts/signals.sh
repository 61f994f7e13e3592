#### exit trap
trap 'echo bye $?' EXIT
echo hi
exit 3
#### exit trap changes the status
trap 'exit 7' EXIT
exit 3
#### exit trap in a subshell
trap 'echo outer' EXIT
( echo in; trap 'echo inner' EXIT )
(:)
echo $(trap 'echo sub' EXIT)
#### trap of a signal
trap 'echo got term' TERM
kill -TERM $$; echo after
kill -s TERM $$; kill -15 $$
trap '' TERM; kill -TERM $$; echo ignored
trap 'echo again' TERM; kill -TERM $$
#### trap keeps the status
trap 'true' USR1; false; kill -USR1 $$; echo $?
f() { return 5; }; trap 'f' USR1; (exit 2); kill -USR1 $$; echo $?
#### listing of traps
trap 'echo "a b"' INT; trap "echo it's" TERM; trap '' HUP; trap
trap - INT; trap; trap 2>&1 'x' NOSUCH; echo $?
#### resetting a trap
trap 'echo no' TERM; trap - TERM; (kill -TERM $$ ) & wait
echo not reached
#### death by a signal
$SH -c 'kill -TERM $$' 2>/dev/null; echo $?
$SH -c 'kill -KILL $$' 2>/dev/null; echo $?
( $SH -c 'kill -HUP $$' ) 2>/dev/null; echo $?
#### messages about death by a signal
$SH -c 'kill -KILL $$'; $SH -c 'kill -TERM $$'; $SH -c 'kill -PIPE $$'; $SH -c 'kill -ALRM $$'; echo end
#### kill
sleep 10 & kill $!; wait $! 2>/dev/null; echo $?
kill -0 $$; echo $?; kill 999999 2>/dev/null; echo $?
kill -l 15; kill -l 143; kill -l 9; kill x 2>/dev/null; echo $?
#### wait interrupted by a trap
trap 'echo alarm' TERM
( sleep 0.1; kill -TERM $$; sleep 0.3 ) & p=$!
wait $p; [ $? -gt 128 ] && echo interrupted; wait $p; echo $?
#### ignored signals are inherited
trap '' TERM; $SH -c 'kill -TERM $$; echo survived'
trap - TERM; $SH -c 'kill -TERM $$; echo no' 2>/dev/null; echo $?
#### traps are not inherited
trap 'echo parent' TERM; ( kill -TERM $(exec $SH -c 'echo $PPID') ; sleep 1; echo no ) 2>/dev/null; [ $? -gt 128 ] && echo died
#### trap in a function
f() { trap 'echo ft' EXIT; echo in f; }; f; echo out
#### return and break in a trap
trap 'echo usr' USR1
for i in 1 2 3; do kill -USR1 $$; echo $i; done
#### background pipeline
{ echo a; sleep 0.05; echo b; } | cat & wait; echo c
#### exit in a trap
trap 'echo x; exit 4' USR2; kill -USR2 $$; echo no
#### exit trap and errors
trap 'echo trap $?' EXIT; set -e; false; echo no
#### exit trap and unset parameter
trap 'echo trap $?' EXIT; set -u; echo $nothing; echo no
#### wait for several
(exit 1) & a=$!; (exit 2) & b=$!; (exit 3) & c=$!; wait $a $b; echo $?; wait $c; echo $?; wait 999999; echo $?
#### jobs
sleep 1 & jobs | while read -r a b c; do echo "$a $b $c"; done; kill $!; wait
#### background input is empty
cat & wait; echo $?
