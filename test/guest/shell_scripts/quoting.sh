#### single quotes
echo 'a  b' 'it'\''s' '$x `y` \n' ''
#### double quotes
x='1  2'
echo "a  $x" "\$x \`y\` \"q\"" "a\qb"
#### backslash
echo a\ \ b \$x \'q\' \"q\" a\
b
#### adjacent quotes are one word
for w in a'b c'"d e"\ f ''"" "a"'' ; do echo "[$w]"; done
#### empty words
set -- '' "" $nothing "$nothing"
echo $#
for w; do echo "<$w>"; done
#### newline in quotes
echo 'one
two' "three
four"
#### comments
echo a # comment
echo a#b '#c' # 'unterminated
# whole line
echo end
#### special characters in quotes
echo "a;b|c&d<e>f(g)" 'h;i|j&k<l>m(n)'
#### quoted tilde and glob
cd /
echo "~" '*' \* "*"
#### dollar alone
echo $ a$ "$" "a$" $% "$ x"
#### quotes in a substitution in quotes
x="a b"
echo "$(echo "$x  c" 'd  e')" "`echo \"$x  c\"`"
#### continued lines
ec\
ho "a\
b" a\
 b
if tr\
ue; th\
en echo yes; fi
#### backslash newline in single quotes stays
echo 'a\
b'
