#### command string
$SH -c 'echo $0 $1 $# "$@"' name a 'b c'
$SH -c 'echo $#'
$SH -c 'exit 5'; echo $?
$SH -c ''; echo $?
$SH -c 'false'; echo $?
#### options before the command
$SH -e -c 'false; echo no' sh; echo $?
$SH -ec 'false; echo no' sh; echo $?
$SH -u -c 'echo $nothing; echo no' sh; echo $?
$SH -x -c 'echo traced' sh
$SH -n -c 'echo no' sh; echo $?
$SH -f -c 'echo *' sh
$SH +e -c 'false; echo yes' sh
$SH -o errexit -c 'false; echo no' sh; echo $?
#### standard input
echo 'echo from stdin $1' | $SH -s arg
echo 'exit 3' | $SH; echo $?
#### verbose
printf 'echo a\necho b\n' | $SH -v
#### script files
echo 'echo "$# $*"; exit 6' >s; $SH s a b; echo $?
$SH ./s; printf 'echo no newline' >s; $SH s; : >s; $SH s; echo $?
#### missing script
$SH nothing.sh 2>/dev/null; echo $?
#### command not found
nosuch; echo $?; ./nosuch; echo $?; /no/such; echo $?
#### not executable
echo 'echo hi' >s; ./s; echo $?; mkdir d; ./d; echo $?
#### syntax errors
$SH -c 'if' sh; echo $?
$SH -c 'echo a; fi' sh; echo $?
$SH -c 'echo (' sh; echo $?
$SH -c 'for 1 in a; do :; done' sh; echo $?
$SH -c "echo 'abc" sh; echo $?
$SH -c 'echo "abc' sh; echo $?
$SH -c 'case x in' sh; echo $?
$SH -c 'a | | b' sh; echo $?
$SH -c '{ echo a' sh; echo $?
$SH -c 'while true; do' sh; echo $?
$SH -c 'echo ${x' sh; echo $?
$SH -c 'echo ${x!y}' sh; echo $?
$SH -c ';' sh; echo $?
$SH -c 'echo a
echo b )
echo c' sh; echo $?
$SH -c 'f() ' sh; echo $?
$SH -c 'cat <' sh; echo $?
$SH -c 'echo $(echo a' sh; echo $?
$SH -c 'if true; then; fi' sh; echo $?
$SH -c '&& a' sh; echo $?
#### syntax error after output
echo before
if then
echo after
#### line numbers of errors
$SH -c 'true

nosuch
{
nosuch2
}
f() {
nosuch3
}
f' sh
#### environment
A=1 $SH -c 'echo $A'; B=2; $SH -c 'echo [$B]'; export B; $SH -c 'echo [$B]'
C=3 D=4 $SH -c 'echo $C$D; C=5; $SH -c "echo \$C"'
#### OPTIND and IFS from outside
IFS=: $SH -c 'x="a:b c"; for i in $x; do echo $i; done'
#### exec
$SH -c 'exec echo replaced; echo no'
$SH -c 'exec nosuch; echo no' sh; echo $?
(exec $SH -c 'exit 8'); echo $?
#### a script without an interpreter line
echo 'echo "plain $1"' >s; chmod +x s 2>/dev/null; ./s arg 2>/dev/null || echo
