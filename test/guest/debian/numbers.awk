# Floating point in awk: functions, formats, conversions, and sums that depend on order.
BEGIN {
  printf "%.17g %.17g %.17g %.17g\n", exp(1), atan2(1, 1) * 4, log(10), sqrt(2)
  printf "%.17g %.17g %.17g\n", sin(1e5), cos(1e5), 2 ^ 0.5
  printf "%d %d %x %o %c %e %G %5.2f|%-12g|%+d\n", 2 ^ 53 + 1, -3.99, 255, 8, 65, 12345.678, 1e-10, 3.14159, 2.5, 7
  print 1e300 * 1e300, -1e300 * 1e300, log(-1) == log(-1), 0.1 + 0.2, 1e16 + 1, 100000 * 100000, 2 ^ 31, -7 % 3
  print int("0x1A"), int("12abc"), "3.5e2" + 0, ".5" + 0, "+1" == 1, substr("hello", 0.5, 2.5)
  srand(42)
  for (i = 0; i < 5; i++) printf "%.12f ", rand()
  print ""
  for (i = 1; i <= 20000; i++) { up += 1 / (i * i); down += 1 / ((20001 - i) * (20001 - i)) }
  printf "%.17g %.17g\n", up, down
  n = 64
  for (i = 0; i < n; i++) for (j = 0; j < n; j++) a[i, j] = 1 / (i + j + 1)
  for (i = 0; i < n; i++) { t = 0; for (j = 0; j < n; j++) t += a[i, j] * a[j, i]; trace += t }
  printf "%.17g\n", trace
  # Newton's iteration for a cube root; a word count of its own digits.
  x = 10; for (i = 0; i < 12; i++) x -= (x ^ 3 - 17) / (3 * x * x)
  printf "%.17g\n", x
  text = sprintf("%.60f", x)
  for (i = 1; i <= length(text); i++) count[substr(text, i, 1)]++
  for (d = 0; d < 10; d++) printf "%d:%d ", d, count[d ""]
  print ""
  print strtonum("0x1p4"), strtonum("017"), and(0xff, 0x3c), lshift(1, 40), compl(0)
}
