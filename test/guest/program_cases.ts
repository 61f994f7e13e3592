// Scripts whose output in the guest is what the host's coreutils print for them in the C locale: only
// what POSIX or common habit fixes, as the programs' own formats are FreeBSD's. One run of the machine
// per script, as that is what takes time.

export interface ProgramCase {
  name: string;
  script: string;
}

const LINES = `printf 'pear 3 x\\napple 10 y\\nfig 2 x\\nApple 1 z\\n\\nfig 2 a\\n' >f\n`;

export const PROGRAM_CASES: readonly ProgramCase[] = [
  {
    name: 'cat',
    script: `printf 'a\\n\\n\\n\\nb\\tc\\n\\001\\200x' >f; cat f; cat -n f; cat -b f; cat -s f; cat -v f
      echo; cat -e f; cat -t f; echo; cat f - f <f | wc -c | tr -d ' '; cat missing 2>/dev/null; echo $?
      : >empty; cat empty; echo $?`,
  },
  {
    name: 'echo',
    script: `/bin/echo a  'b  c' ''; /bin/echo -n x; /bin/echo; /bin/echo -- -n; /bin/true
      echo $?; /bin/false; echo $?`,
  },
  {
    name: 'head and tail',
    script: `i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i; done >f; printf 'no newline' >g
      head f; head -n 3 f; head -c 9 f; head -3 f | head -n 1; tail f; tail -n 2 f; tail -c 7 f
      tail -n +28 f; tail -c +230 f; head -n 1 f g; tail -n 1 f g; tail -n 5 g; tail -n 3 <f
      head -n 100 g; tail -n 0 f; head missing f 2>/dev/null | head -n 2; tail -c 100 g; cat f | tail -n 1`,
  },
  {
    name: 'wc',
    script: `printf 'one two\\n three\\n\\nfour' >f; : >e
      wc f | tr -s ' '; wc -l <f | tr -d ' '; wc -w <f | tr -d ' '; wc -c <f | tr -d ' '; wc f e | tr -s ' '
      wc -lc f | tr -s ' '; cat f f | wc -w | tr -d ' '`,
  },
  {
    name: 'sort',
    script: `${LINES}sort f; sort -r f; sort -n f; sort -k 2 -n f; sort -k2,2n -k3,3r f; sort -f f; sort -u f
      sort -t ' ' -k 3 f; sort -t' ' -k2.1,2.1 -s f; sort -k3,3 -s f; sort -c f 2>/dev/null; echo $?
      sort f >g; sort -c g; echo $?; sort -o f f; cat f; printf '3\\n-1\\n2.5\\n2.50\\n10\\n0x1\\n' | sort -n
      printf 'b\\na\\n' | sort - g; sort -nu f; printf 'a:2\\nb:1\\n' | sort -t: -k2; sort -f -u f
      printf '  b\\n a\\n' | sort -b; sort -k2nr f; sort missing 2>/dev/null; echo $?`,
  },
  {
    name: 'cp, mv, rm',
    script: `umask 022; mkdir -p d/e/f; echo one >d/a; echo two >d/e/b; chmod 750 d/e; chmod 711 d/a; ln -s a d/l
      cp d/a x; cat x; cp -R d g; cat g/e/b; 
      ls -l g | grep '^[-d]' | cut -c1-10; cp d/a d/e/b g; cat g/b; cp d g 2>/dev/null; echo $?; cp x x 2>/dev/null; echo $?
      cp missing y 2>/dev/null; echo $?; cp x d/a nowhere 2>/dev/null; echo $?; mv x y; cat y; ls
      mv y d; ls d; mv d/y d/e g; ls g; mv missing z 2>/dev/null; echo $?; echo new >n; mv n g/a; cat g/a
      echo 1 >p; echo 2 >q; mv -n p q; cat q p; rm p; echo $?; rm p 2>/dev/null; echo $?; rm -f p; echo $?
      rm d 2>/dev/null; echo $?; rm -r d; ls; rm -rf g q nothing; ls; echo $?; mkdir m; rm -d m; ls
      echo v >v; cp -v v w | tr -d "'"; cp -p v u; ls u; cp -n v u; rm -v u | grep -o 'u.\\?$' | cut -c1`,
  },
  {
    name: 'directories and links',
    script: `umask 022; mkdir a; mkdir a 2>/dev/null; echo $?; mkdir -p a/b/c a; echo $?; mkdir x/y 2>/dev/null
      echo $?; mkdir -m 700 s; ls -ld s a | cut -c1-10; rmdir a 2>/dev/null; echo $?; rmdir -p a/b/c; ls
      mkdir -p p/q; echo t >p/f; ln p/f h; ls -l h | tr -s ' ' | cut -c1-12; ln -s p/f s1; cat s1; ln -s p/f s1 2>/dev/null
      echo $?; ln -sf h s1; cat s1; ln -s nowhere dangling; cat dangling 2>/dev/null; echo $?; ls -F
      ln -s ../p/f p/q; cat p/q/f 2>/dev/null; ls p/q; ln missing z 2>/dev/null; echo $?; ln p q 2>/dev/null
      echo $?; (cd p/q && pwd | grep -o p/q); ln -sfn q p/new; ls -l p/new | grep -o 'new -> .*'`,
  },
  {
    name: 'chmod and touch',
    script: `umask 022; mode() { ls -ld "$1" | cut -c1-10; }; touch f; mode f; mkdir d
      for m in 644 u+x go-r a=rw u=rwx,g=rx,o= +x -w o=u g+s u+s a-s 1777 -t 7755 u-x,g+w =r a+X ug=rw,o-r; do
        chmod $m f; mode f; done; for m in 700 a+r =x +X u+w,g=u 1777 -t; do chmod $m d; mode d; done
      chmod 755 d; touch d/x; chmod -R 700 d; mode d/x; chmod u+X,g=u d/x; mode d/x; chmod zz f 2>/dev/null
      echo $?; chmod 644 missing 2>/dev/null; echo $?; chmod -x d/x; mode d/x; umask 077; chmod 0 f; chmod +rw f
      mode f; touch -t 202001020304.05 f; ls -l --time-style=+%s f 2>/dev/null | wc -l >/dev/null
      touch -c none; ls; touch -r f g; [ g -nt f ]; echo $?; touch d/x; [ d/x -nt f ]; echo $?`,
  },
  {
    name: 'grep',
    script: `${LINES}printf 'foo(bar)\\na.c\\nabc\\naab\\nab12\\n' >g
      grep fig f; grep -c fig f; grep -n x f g; grep -v fig f; grep -i APPLE f; grep -l x f g; grep -h a f g
      grep -w fig f; grep -x 'a.c' g; grep -F a.c g; grep -F -x abc g; grep '^a*b' g; grep 'a\\.c' g; grep -q fig f
      echo $?; grep nothing f; echo $?; grep x missing 2>/dev/null; echo $?; grep -s x missing f; echo $?
      grep -o '[0-9]*' g; grep -E 'a+b|foo' g; grep -E '^(a|f)[^.]' g; grep '\\(a\\)\\1' g; grep 'a\\{2\\}b' g
      grep -E '[[:digit:]]{2}$' g; grep -e foo -e abc g; grep -E '(fi|pe)' f; grep '[]x]' f; grep '[^a-z]$' g
      grep -E 'a?b' g; grep '' f | wc -l | tr -d ' '; grep '^$' f; grep -n '^$' f; echo a | grep -E 'a*b*c*$'
      grep -E '(a*)*b' g; grep -vc x f; grep -H fig f; printf 'fig\\nab' >p; grep -f p f g; grep -L fig f g
      grep -oE '[a-z]+' g; grep -ow 'a[a-z]*' f; grep 'b\\|foo' g; grep '\\<ab' g; grep '*' g
      echo 'a*b' | grep '*b'; echo abcabc | grep -E '(abc)\\1'; echo ac | grep -E 'a(b|)c'; mkdir r; cp f r
      grep -r pear r; grep -E 'a{2,3}b' g; grep -E '(' g 2>/dev/null; echo $?; grep '\\(' g 2>/dev/null; echo $?`,
  },
  {
    name: 'ls',
    script: `ls() { command ls -A "$@"; } # as root FreeBSD's ls shows hidden files anyway
      umask 022; mkdir d d/sub; echo 12345 >big; echo 1 >small; touch d/.hidden d/seen; ln -s big link
      chmod 755 small; touch -t 202001010000 big; touch -t 202101010000 small; touch -t 202201010000 d
      ls; ls -1; ls -F; ls -d d; ls d; ls -a d; ls -A d; ls -R d small; ls -r; ls -dt big small d; ls -1tr big small
      ls -1S big small; ls -1Sr big small; ls -p; ls big d; ls small d big; ls missing 2>/dev/null; echo $? | tr 2 1
      ls -l | wc -l | tr -d ' '; ls -ld d | cut -c1-10; ls -n big | cut -c1-10; ls -lF | grep -o '[^ ]*$' | tail -n 4; ls -dF link d
      ls -i big | wc -w | tr -d ' '; ls -f d | sort`,
  },
  {
    name: 'cut, tr, tee, uniq',
    script: `printf 'a:b:c\\nd\\n:e::f\\n' >f; cut -d: -f2 f; cut -d: -f1,3- f; cut -d: -s -f2 f; cut -c2-3 f; cut -b -2,4 f
      cut -f2 f; printf 'x\\ty\\n' | cut -f2; cut -f 0 f 2>/dev/null; echo $?; cut f 2>/dev/null; echo $?
      echo Hello | tr a-z A-Z; echo Hello | tr '[:upper:]' '[:lower:]'; echo hello | tr -d l; echo aabbcc | tr -s ab
      echo hello | tr -c 'a-z\\n' x; echo 'a b' | tr ' ' '\\n'; echo aabb | tr -s a-b x-y; echo abc | tr abc x
      echo 'a1b2' | tr -cd '0-9'; echo; echo 'a\\b' | tr '\\\\' /; echo hello | tr -ds l e; echo ab | tr 'ab' '\\101\\102'
      echo one | tee t u; cat t u; echo two | tee -a t >/dev/null; cat t; echo x | tee nodir/x 2>/dev/null; echo $?
      printf 'a\\na\\nb\\nB\\na\\n' >g; uniq g; uniq -d g; uniq -u g; uniq -i g; uniq -c g | tr -s ' '
      printf '1 x\\n2 x\\n3 y\\n' | uniq -f 1; printf 'ax\\nbx\\n' | uniq -s 1; sort g | uniq - o; cat o`,
  },
  {
    name: 'env, kill, sleep, date',
    script: `env -i A=1 B=2 env; env -u HOME A=x sh -c 'echo $A'; env A=3 false; echo $?; env nosuchprogram 2>/dev/null
      echo $?; env -i /bin/sh -c 'echo "[$HOME]"'; sleep 0; echo $?; sleep 0.01; echo $?; sleep x 2>/dev/null; echo $?
      sleep 100 & kill $!; wait $!; echo $?; sleep 100 & kill -9 $!; wait $! 2>/dev/null; echo $?
      sleep 100 & /bin/kill -s HUP $!; wait $!; echo $?;
      /bin/kill -l 15; /bin/kill -0 $$; echo $?; /bin/kill 99999 2>/dev/null; echo $?
      date -u -r f 2>/dev/null; touch -t 202403050607.08 t; TZ=UTC date -r t; TZ=UTC date -r t '+%Y-%m-%dT%H:%M:%S %j %a %A %b %B %e|%y %C %I %p %k %l %u %w %s %Z %z %% %F %T %D %R %n%t.'
      touch -t 200002291200 t; date -r t '+%F %j %U %W %u'; touch -t 199912312359 t; date -r t '+%c'; date +; echo $?`,
  },
  {
    name: 'hexdump',
    script: `printf 'Hello, world\\n\\000\\001\\377 more text than a line' >f; hexdump f; hexdump -C f; hexdump -b f
      hexdump -c f; hexdump -d f; hexdump -o f; hexdump -x f; hexdump -n 5 f; hexdump -s 3 -C f; hexdump -C -n 17 -s 2 f
      head -c 100 /dev/zero | hexdump; head -c 100 /dev/zero | hexdump -v -C; hexdump -C </dev/null; printf abc | hexdump
      hexdump f f | tail -n 2; printf 'a' >g; hexdump g f | head -n 1`,
  },
];
