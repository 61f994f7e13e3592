// Command lines for `busybox sh -c`, each run on the host and in the guest with the same empty
// working directory, PATH naming only busybox, and the environment LANG=C TZ=UTC. They must not
// print what differs between machines (process numbers, dates, host names).

/** A command line and, where it reads one, its standard input. */
export interface BusyboxCase {
  name: string;
  script: string;
  stdin?: string;
}

const bb = (name: string, script: string, stdin?: string): BusyboxCase => ({ name, script, stdin });

const TEXT = 'pear 3\napple 10\nfig 2\napple 1\nkiwi 7\n';

export const BUSYBOX_CASES: readonly BusyboxCase[] = [
  bb('echo', 'echo hello, world'),
  bb('echo-escapes', 'echo -e "a\\tb\\nc"; echo -n no newline'),
  bb('exit-status', 'exit 42'),
  bb('false-status', 'busybox false; echo $?; busybox true; echo $?'),
  bb('and-or', 'true && echo yes || echo no; false && echo yes || echo no'),
  bb('for-loop', 'for i in a b c; do echo $i; done'),
  bb('while-loop', 'i=0; while [ $i -lt 10 ]; do echo $i; i=$((i+1)); done'),
  bb('until-loop', 'i=5; until [ $i -eq 0 ]; do i=$((i-1)); echo -n "$i "; done; echo'),
  bb(
    'case',
    'for f in a.c b.h c; do case $f in *.c) echo C $f;; *.h) echo H $f;; *) echo ? $f;; esac; done',
  ),
  bb('function', 'f() { echo "$# $1"; return 3; }; f x y; echo $?'),
  bb(
    'recursion',
    'fact() { if [ $1 -le 1 ]; then echo 1; else echo $(( $1 * $(fact $(($1-1))) )); fi; }; fact 10',
  ),
  bb(
    'command-substitution',
    'x=$(busybox seq 1 5 | busybox wc -l); echo "[$x]"; echo `echo nested $(echo deep)`',
  ),
  bb(
    'parameter-expansion',
    'x=/a/b/c.tar.gz; echo ${x##*/} ${x%.*} ${x%%.*} ${#x} ${y:-default} ${x#/a}',
  ),
  bb('quoting', 'a="x  y"; echo $a "$a" \'$a\' "\\$a"'),
  bb('arithmetic', 'echo $((7*6)) $((1<<20)) $((-7/2)) $((-7%3)) $((0x1f)) $((5>3?1:2)) $((~0))'),
  bb('pipe-three', 'busybox seq 1 1000 | busybox grep 7 | busybox wc -l'),
  bb('pipe-status', 'true | false; echo $?; false | true; echo $?'),
  bb('redirection', 'echo one >f; echo two >>f; busybox cat <f; busybox wc -c f'),
  bb('redirection-stderr', 'busybox cat missing 2>err; echo $?; busybox cat err'),
  bb('redirection-both', '(echo out; echo err >&2) >both 2>&1; busybox sort both'),
  bb('here-document', 'x=5; busybox cat <<EOF\nvalue $x $(echo sub)\nEOF'),
  bb('here-document-quoted', "busybox cat <<'EOF'\nvalue $x `no`\nEOF"),
  bb('here-document-tabs', 'busybox cat <<-EOF\n\t\ttabs gone\n\tEOF'),
  bb('subshell', 'x=1; (x=2; echo $x); echo $x'),
  bb('background', '(busybox sleep 0; echo child) & wait; echo parent'),
  bb('background-status', '(exit 7) & wait $!; echo $?'),
  bb(
    'background-many',
    'for i in 1 2 3 4; do (echo $i >out$i) & done; wait; busybox cat out1 out2 out3 out4',
  ),
  bb('trap-exit', 'trap "echo bye" EXIT; echo hi'),
  bb('trap-signal', 'trap "echo got it" USR1; kill -USR1 $$; echo after'),
  // Whether ash says "Terminated" depends on who is first: the child that dies, or its wait.
  bb('kill-child', 'exec 2>/dev/null; busybox sleep 100 & kill $!; wait $!; echo $?'),
  bb('read-loop', 'while read a b; do echo "$b-$a"; done', TEXT),
  bb('read-ifs', 'IFS=: read a b c; echo $c $b $a', 'x:y:z\n'),
  bb('set-positional', 'set -- a b c; shift; echo $# $*; echo "$@"'),
  bb('globbing', 'busybox touch b.txt a.txt c.log; echo *.txt; echo *; echo *.none'),
  bb(
    'test-files',
    'busybox mkdir d; echo x>f; [ -d d ] && echo dir; [ -f f ] && echo file; [ -s f ] && echo size; [ -e g ] || echo none; [ -x f ] || echo noexec',
  ),
  bb('eval', 'c="echo a b | busybox wc -w"; eval $c'),
  bb('printf', 'printf "%5d|%-5s|%05.1f|%x|%c\\n" 42 ab 3.14159 255 z'),
  bb('sort', 'busybox sort', TEXT),
  bb('sort-numeric', 'busybox sort -k2 -n -r', TEXT),
  bb('sort-unique', 'busybox cut -d" " -f1 | busybox sort -u', TEXT),
  bb('uniq-count', 'busybox cut -c1 | busybox sort | busybox uniq -c', TEXT),
  bb('sed-substitute', "busybox sed -e 's/[aeiou]/<&>/g' -e '2d'", TEXT),
  bb('sed-groups', "busybox sed -n 's/\\([a-z]*\\) \\([0-9]*\\)/\\2 \\1/p'", TEXT),
  bb('sed-hold', "busybox sed -n '1!G;h;$p'", TEXT),
  bb('sed-in-place', "echo abc>f; busybox sed -i 's/b/X/' f; busybox cat f"),
  bb('awk-sum', "busybox awk '{s+=$2; n[$1]++} END {print s, s/NR, length(n)}'", TEXT),
  bb(
    'awk-printf',
    'busybox awk \'BEGIN {printf "%.6f %e %g %d\\n", 3.14159265, 12345.678, 1e-5, 42.9}\'',
  ),
  bb(
    'awk-math',
    'busybox awk \'BEGIN {printf "%.10f %.10f %.10f %.10f\\n", sqrt(2), exp(1), log(10), atan2(1,1)*4}\'',
  ),
  bb(
    'awk-strings',
    'busybox awk \'{print toupper($1), substr($1,2,3), index($1,"p"), length($1)}\'',
    TEXT,
  ),
  bb(
    'awk-split',
    'echo a:b:c | busybox awk -F: \'{n=split($0,p,":"); for(i=n;i>0;i--) printf "%s ", p[i]; print ""}\'',
  ),
  bb(
    'awk-function',
    "busybox awk 'function f(n) {return n<2?n:f(n-1)+f(n-2)} BEGIN {print f(15)}'",
  ),
  bb('grep-regex', "busybox grep -n '^a.*[0-9]$'", TEXT),
  bb('grep-count-invert', 'busybox grep -vc apple', TEXT),
  bb('grep-extended', "busybox grep -E '(pear|kiwi) [0-9]+'", TEXT),
  bb('tr', 'busybox tr a-z A-Z | busybox tr -d 0-9', TEXT),
  bb('cut-paste', 'busybox cut -d" " -f2 >n; busybox seq 1 5 >m; busybox paste m n', TEXT),
  bb('head-tail', 'busybox seq 1 100 | busybox head -n 20 | busybox tail -n 3'),
  bb('md5sum', 'busybox seq 1 2000 | busybox md5sum'),
  bb('sha1sum', 'busybox seq 1 2000 | busybox sha1sum'),
  bb('sha256sum', 'busybox seq 1 2000 | busybox sha256sum'),
  bb('sha512sum', 'busybox seq 1 500 | busybox sha512sum'),
  bb('crc32', 'busybox seq 1 500 >f; busybox crc32 f'),
  bb(
    'find',
    'busybox mkdir -p a/b/c; busybox touch a/x a/b/y a/b/c/z; busybox find a -type f | busybox sort; busybox find a -name "[bc]" | busybox sort',
  ),
  bb(
    'find-exec',
    'busybox mkdir t; echo 1 >t/1; echo 2 >t/2; busybox find t -type f -exec busybox cat {} \\; | busybox sort',
  ),
  bb('xargs', 'busybox seq 1 7 | busybox xargs -n 3 echo'),
  bb(
    'tar',
    'busybox mkdir d; echo one >d/1; echo two >d/2; busybox tar cf t.tar d/1 d/2; busybox rm -r d; busybox tar tf t.tar; busybox tar xf t.tar; busybox cat d/1 d/2',
  ),
  bb(
    'tar-gzip',
    'busybox mkdir d; busybox seq 1 500 >d/n; busybox tar czf t.tgz d; busybox rm -r d; busybox tar xzf t.tgz; busybox md5sum d/n',
  ),
  bb(
    'gzip',
    'busybox seq 1 3000 >f; busybox gzip f; busybox gunzip -c f.gz | busybox md5sum; busybox zcat f.gz | busybox wc',
  ),
  bb('gzip-level', 'busybox seq 1 3000 | busybox gzip -9 | busybox gunzip | busybox md5sum'),
  bb('bunzip2', 'busybox seq 1 2000 | busybox bzip2 | busybox bunzip2 | busybox md5sum'),
  bb('vi-help', 'busybox vi -h 2>&1; echo $?'),
  bb(
    'vi-script',
    "printf 'one\\ntwo\\n' >v; printf ':%%s/o/0/g\\n:wq\\n' | busybox vi v >/dev/null 2>&1; busybox cat v",
  ),
  bb(
    'ed',
    "printf 'a\\nhello\\nworld\\n.\\n1s/h/J/\\nw f\\nq\\n' | busybox ed >/dev/null; busybox cat f",
  ),
  bb(
    'diff',
    'busybox seq 1 5 >a; busybox sed s/3/x/ a >b; busybox diff a b | busybox tail -n 5; echo $?',
  ),
  bb(
    'patch',
    'busybox seq 1 5 >a; busybox sed s/3/x/ a >b; busybox diff -u a b >p; busybox patch a <p >/dev/null; busybox cat a',
  ),
  bb('cmp', 'echo a >x; echo b >y; busybox cmp x y; echo $?; busybox cmp x x; echo $?'),
  bb('od', 'printf "\\000\\001\\377abc" | busybox od -An -tx1c'),
  bb('hexdump', 'busybox seq 1 20 | busybox hexdump -C'),
  bb('xxd', 'echo hello | busybox xxd'),
  bb(
    'base64',
    'busybox seq 1 30 | busybox base64 | busybox base64 -d | busybox md5sum; echo hello | busybox base64',
  ),
  bb(
    'expr',
    'busybox expr 12345 \\* 6789; busybox expr substr abcdef 2 3; busybox expr abc : "a\\(.*\\)"',
  ),
  bb('bc', 'echo "scale=10; 355/113; 2^64; sqrt(2)" | busybox bc'),
  bb('dc', 'busybox dc -e "2 100 ^ p 16 o 255 p"'),
  bb('factor', 'busybox factor 1234567890 97 1024'),
  bb('seq-float', 'busybox seq 1 0.5 3; busybox seq -w 8 11'),
  bb('date-format', 'busybox date -u -d @86400 "+%Y-%m-%d %H:%M:%S %a %j"'),
  bb('cal', 'busybox cal 2 2000'),
  bb('basename-dirname', 'busybox basename /a/b/c.txt .txt; busybox dirname /a/b/c.txt'),
  bb(
    'ln-readlink',
    'echo x >f; busybox ln -s f l; busybox readlink l; busybox cat l; busybox ln f h; busybox stat -c "%h %s %F" f l',
  ),
  bb(
    'chmod-ls',
    'busybox touch f; busybox chmod 751 f; busybox stat -c %a f; busybox chmod u-w f; busybox stat -c %A f',
  ),
  bb(
    'mv-cp',
    'echo x >a; busybox cp a b; busybox mv a c; busybox mkdir d; busybox mv b c d; busybox ls d; busybox cp -r d e; busybox ls e',
  ),
  bb(
    'rm-errors',
    'busybox rm nothing; echo $?; busybox rmdir /; echo $?; busybox mkdir d d; echo $?',
  ),
  bb(
    'dd',
    'busybox seq 1 1000 | busybox dd bs=100 skip=2 count=3 iflag=fullblock 2>/dev/null | busybox md5sum',
  ),
  bb(
    'dd-seek',
    'printf abcdef >f; printf XY | busybox dd of=f bs=1 seek=2 conv=notrunc 2>/dev/null; busybox cat f; echo',
  ),
  bb(
    'truncate',
    'printf abcdef >f; busybox truncate -s 3 f; busybox cat f; busybox truncate -s 6 f; busybox od -c f',
  ),
  bb('tee', 'echo t | busybox tee a b; busybox cat a b'),
  bb('nl-tac-rev', 'busybox seq 1 3 | busybox tac | busybox nl; echo abc | busybox rev'),
  bb('fold-expand', 'printf "a\\tb\\n" | busybox expand; echo abcdefghij | busybox fold -w 4'),
  bb('env', 'X=5 busybox env | busybox grep ^X; Y=6; export Y; busybox env | busybox grep ^Y'),
  bb(
    'cpio',
    'echo x >f; echo f | busybox cpio -o -H newc 2>/dev/null >c; busybox rm f; busybox cpio -i <c 2>/dev/null; busybox cat f',
  ),
  bb('uudecode', 'echo secret >f; busybox uuencode f g >u; busybox uudecode u; busybox cat g'),
  bb('timeout', 'busybox timeout 1 busybox sleep 10; echo $?'),
  bb('exec', 'exec busybox echo replaced; echo never'),
  bb(
    'file-descriptors',
    'exec 3>f; echo three >&3; exec 3>&-; busybox cat f; exec 4<f; read x <&4; echo $x',
  ),
  bb('fifo', 'busybox mkfifo p; (echo through >p) & busybox cat p; wait'),
  bb(
    'script-file',
    'printf "#!$BB sh\\necho script \\$1\\n" >s; busybox chmod +x s; ./s arg; echo $?',
  ),
  bb('not-executable', 'echo x >s; ./s; echo $?; ./missing; echo $?'),
  bb('large-loop', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $i'),
  bb('large-pipe', 'busybox seq 1 50000 | busybox tail -n 1; busybox yes | busybox head -n 5'),
  // The shell.
  bb(
    'nested-loops',
    'for i in 1 2 3; do for j in a b; do [ $i$j = 2b ] && continue 2; echo -n $i$j; done; echo; done',
  ),
  bb('break', 'while :; do n=$((n+1)); [ $n -ge 5 ] && break; done; echo $n'),
  bb('while-pipe', 'busybox seq 1 5 | while read n; do echo $((n*n)); done | busybox tail -n 2'),
  bb(
    'loop-redirection',
    'for i in 1 2 3; do echo $i; done >f; while read n; do echo "<$n>"; done <f',
  ),
  bb('substitution-in-loop', 'for i in $(busybox seq 1 30); do x=$(echo $i); done; echo $x'),
  bb('substitution-file', 'echo text >f; x=$(busybox cat f); echo "$x$(echo; echo two)"'),
  bb('set-e', '(set -e; echo a; busybox false; echo b); echo $?'),
  bb('set-u', '(set -u; echo $missing) 2>/dev/null; echo $?'),
  bb('set-x', 'set -x; a=1; echo $a'),
  bb(
    'pattern-substitution',
    'x=hello.world; echo ${x/o/0} ${x//o/0} ${x:1:4} ${x:+set} ${z:=new} $z',
  ),
  bb('local', 'f() { local x=in; echo $x; }; x=out; f; echo $x'),
  bb('heredoc-pipe', 'busybox cat <<EOF | busybox tr a-z A-Z | busybox rev\nabc\ndef\nEOF'),
  bb('heredoc-two', 'busybox cat <<A; busybox cat <<B\none\nA\ntwo\nB'),
  bb('heredoc-large', 'x=$(busybox seq 1 9000); busybox md5sum <<EOF\n$x\nEOF'),
  bb('jobs', 'busybox sleep 0.2 & busybox sleep 0.1 & wait; echo $?; jobs'),
  bb('background-pipe', 'busybox seq 1 100 | busybox sort -rn >out & wait; busybox head -n 2 out'),
  bb('background-order', 'for i in 3 1 2; do (busybox sleep 0.$i; echo $i) & done; wait'),
  bb(
    'signals',
    'busybox sleep 50 & p=$!; kill -STOP $p; kill -CONT $p; kill -TERM $p; wait $p; echo $?',
  ),
  bb('trap-term', 'busybox sh -c \'trap "echo term; exit 3" TERM; kill $$; echo no\'; echo $?'),
  bb('sigpipe', 'busybox yes | busybox head -n 1; busybox seq 1 100000 | busybox head -n 1'),
  bb('kill-list', 'kill -l 15; kill -l | busybox head -n 3'),
  bb('umask-command', 'umask; umask 027; echo >f; busybox stat -c %a f; umask'),
  bb('exec-redirections', 'exec 5>&1 >f; echo hidden; exec >&5; busybox cat f'),
  bb('ulimit', 'ulimit -n 30; ulimit -n; ulimit -s 1024; ulimit -s'),
  bb('time-format', 'busybox date -u -d "2020-02-29 12:34:56" +%s; busybox date -u -d @0'),
  bb(
    'getopts',
    'set -- -a -b val rest; while getopts ab: o; do echo $o $OPTARG; done; shift $((OPTIND-1)); echo $1',
  ),
  bb(
    'error-status',
    'busybox ls /nonexistent; echo $?; busybox grep x nofile; echo $?; nocommand; echo $?',
  ),
  bb(
    'signal-status',
    "busybox sh -c 'kill -9 $$'; echo $?; busybox sh -c 'kill -SEGV $$'; echo $?",
  ),

  // Files.
  bb(
    'ls-long',
    'echo hi >f; busybox touch -d "2001-02-03 04:05:06" f; busybox chmod 640 f; busybox ln -s f l; busybox ls -ln --full-time f | busybox cut -c1-11,14-',
  ),
  bb(
    'ls-dir',
    'busybox mkdir d; busybox touch d/b d/a d/.h; busybox ls d; busybox ls -a d; busybox ls -F d; busybox ls -R',
  ),
  bb(
    'cp-preserve',
    'echo x >f; busybox chmod 754 f; busybox touch -d @1000000000 f; busybox cp -p f g; busybox stat -c "%a %Y %s" g; busybox cp -a . ../copied.$$ 2>/dev/null; echo $?; busybox rm -rf ../copied.$$',
  ),
  bb(
    'find-tests',
    'busybox mkdir d; echo 1234567890 >d/f; busybox touch d/e; busybox ln -s f d/l; busybox find d -size -2c -type f; busybox find d -type l; busybox find d -perm 644 -name f; busybox find d -empty; busybox find d -newer d/f -type d',
  ),
  bb(
    'find-delete',
    'busybox mkdir -p a/b; busybox touch a/1 a/b/2; busybox find a -type f -delete; busybox find a | busybox sort; busybox rm -r a; busybox find . ',
  ),
  bb(
    'tar-listing',
    'busybox mkdir d; echo one >d/1; busybox chmod 600 d/1; busybox ln -s 1 d/l; busybox touch -h -d @1000000000 d/1 d/l; busybox tar cf t d/1 d/l; busybox tar tvf t --numeric-owner | busybox tr -s " " | busybox cut -d" " -f1,3-',
  ),
  bb(
    'tar-pipe',
    'busybox mkdir s t; for i in 1 2 3; do busybox seq 1 ${i}000 >s/$i; done; (cd s; busybox tar cf - .) | (cd t; busybox tar xf -); busybox md5sum t/*',
  ),
  bb(
    'gzip-files',
    'for i in 1 2; do busybox seq 1 400 >f$i; done; busybox gzip f1 f2; busybox ls; busybox gzip -l f1.gz 2>/dev/null | busybox wc -l; busybox gunzip f1.gz f2.gz; busybox cmp f1 f2 && echo same',
  ),
  bb(
    'unxz-lzma',
    'busybox seq 1 100 | busybox gzip -c >f.gz; busybox gzip -t f.gz; echo $?; echo junk >b.gz; busybox gzip -t b.gz; echo $?',
  ),
  bb(
    'hard-links',
    'echo x >a; busybox ln a b; busybox stat -c %h a; [ a -ef b ] && echo same; busybox rm a; busybox cat b; busybox stat -c %h b',
  ),
  bb(
    'realpath',
    'busybox mkdir -p a/b; busybox ln -s a/b l; cd l; busybox pwd -P >/dev/null; cd ..; busybox readlink -f l/.. | busybox sed "s#.*/##"; busybox realpath l/. | busybox sed "s#.*/a/#a/#"',
  ),
  bb(
    'touch-stat',
    'busybox touch -d @1234567890 f; busybox stat -c "%X %Y %s %F" f; busybox touch -r f g; [ f -ot g ] || echo not older',
  ),
  bb(
    'unlink-errors',
    'busybox mkdir d; busybox touch d/f; busybox rmdir d; echo $?; busybox unlink d; echo $?; busybox rm d; echo $?; busybox rm -f gone; echo $?',
  ),
  bb(
    'mv-errors',
    'busybox touch f; busybox mkdir d; busybox mv f d/x/y; echo $?; busybox mv d d/sub; echo $?; busybox mv nothing f; echo $?',
  ),
  bb(
    'sparse-file',
    'busybox dd if=/dev/zero of=f bs=1 count=1 seek=100000 2>/dev/null; busybox wc -c <f; busybox md5sum f',
  ),
  bb(
    'devices',
    'echo x >/dev/null; busybox head -c 5 /dev/zero | busybox od -c; echo full >/dev/full; echo $?; [ -c /dev/null ] && echo char',
  ),
  bb(
    'dev-fd',
    'echo in | busybox cat /dev/stdin; (echo out >/dev/stdout; echo err >/dev/stderr) 2>&1 | busybox cat; busybox cat /dev/fd/3 3<<EOF\nthree\nEOF',
  ),
  bb(
    'mktemp',
    'f=$(busybox mktemp -p . tXXXXXX); [ -f "$f" ] && busybox stat -c "%a %s" $f; d=$(busybox mktemp -d -p .); busybox stat -c "%a %F" $d',
  ),
  bb(
    'fifo-two',
    'busybox mkfifo a b; (while read x; do echo "got $x"; done <a >b) & (echo 1; echo 2) >a; busybox cat b; wait',
  ),
  bb(
    'tail-follow',
    'echo a >f; busybox timeout 2 busybox tail -n 5 -f f & busybox sleep 0.3; echo b >>f; wait',
  ),

  // Text.
  bb(
    'awk-pipes',
    '[ -e /bin/sh ] || busybox ln -s $BB /bin/sh; busybox awk \'BEGIN { while (("busybox seq 1 3" | getline x) > 0) s += x; print s; print "b\\na" | "busybox sort"; close("busybox sort"); system("echo sys") }\'',
  ),
  bb(
    'awk-fields',
    'busybox awk \'{ $2 = ""; print NF, $0; sub(/p+/, "<&>"); print } END { print NR }\'',
    TEXT,
  ),
  bb(
    'awk-format',
    'busybox awk \'BEGIN { printf "%s %5.2f %-6s| %03d %o %X %c\\n", "s", 2.345, "ab", 7, 64, 255, "zed"; print 1e6, 1e20, 0.1+0.2, 2**10, 7%3, int(-3.7) }\'',
  ),
  bb(
    'awk-match',
    'busybox awk \'match($0, /[0-9]+/) { print RSTART, RLENGTH, substr($0, RSTART, RLENGTH) } ; { n = gsub(/[aeiou]/, "#"); print n, $0 }\'',
    TEXT,
  ),
  bb('sed-script', "busybox sed -n -e '/apple/{s/apple/APPLE/;p;b};s/^/- /;p' -e '$='", TEXT),
  bb('sed-ranges', "busybox seq 1 12 | busybox sed -e '2,4d;/7/,/9/s/$/!/;11q;y/1/I/'"),
  bb('sed-append', "busybox sed -e '1i\\\nfirst' -e '$a\\\nlast' -e '3c\\\nchanged'", TEXT),
  bb(
    'grep-recursive',
    'busybox mkdir d; echo needle >d/a; echo hay >d/b; busybox grep -rl needle d; busybox grep -c . d/a d/b; busybox grep -o "e." d/a; busybox grep -q hay d/b; echo $?',
  ),
  bb(
    'grep-context',
    'busybox seq 1 20 | busybox grep -A1 -B1 -w 7; busybox seq 1 20 | busybox grep -x -e 3 -e 14',
  ),
  bb(
    'sort-keys',
    'printf "b:2:x\\na:10:y\\nc:2:a\\n" >f; busybox sort -t: -k2,2n -k3,3 f; busybox sort -c f; echo $?; busybox sort -o f f; busybox cat f',
  ),
  bb(
    'sort-large',
    'busybox seq 1 20000 | busybox sort -r | busybox md5sum; busybox seq 1 20000 | busybox sort -n -r | busybox tail -n 1',
  ),
  bb(
    'checksums',
    'echo abc >f; busybox md5sum f >s; busybox md5sum -c s; echo x >>f; busybox md5sum -c s; echo $?; busybox sha3sum f',
  ),
  bb('md5sum-megabyte', 'busybox head -c 1000000 /dev/zero | busybox md5sum'),
  bb(
    'vi-edit',
    "printf 'alpha\\nbeta\\ngamma\\n' >v; printf 'jddOnew\\033:x\\n' | busybox vi v >/dev/null 2>&1; busybox cat v",
  ),
];
